import type { Fact } from './fact.js';
import { specific } from './objects.js';
import { nounPhrase } from './phrases.js';
import { contentStems } from './words.js';

/** Words that say that something is over, and what is over. */
export interface Ending {
  words: string;
  after: string;
}

const ENDED =
  /\b(?:cancel+ed|quit|stopped|gave up(?: on)?|given up|deleted|sold|left|ended|dropped|closed|unsubscribed(?: from)?|uninstalled|resigned(?: as| from)?|got rid of|lost|donated|gave away|retired(?: as| from)|withdrew from|abandoned|terminated|deactivated|no longer \w+|returned(?! to| from)|let go of|moved out of|recovered from|got over|passed away|died|disbanded|shut down|discontinued|broke off|called off|outgrew|paid off|expired|healed|stepped down (?:as|from)|cured of|resolved|removed|handed (?:over|off)(?: as)?|(?:is|came|went|has been) off|weaned off|settled|canceled|dissolved|swore off|got rid|threw (?:out|away)|checked out of|came back from|returned (?:to \w+ )?from|(?:was|were|got|been) (?:laid off|fired|dismissed|let go|cut|kicked (?:out|off)|removed|banned|expelled|evicted)(?: by| from| of)?|(?:is|was|came|got|went|has been) back(?: home)? from|(?:is|has|are) gone(?! to)|fired|sacked|repaid|cut out|cleared up|(?:was|were) (?:released|discharged|excused) from|weaned|shaved off|lapsed|cleared|demolished|scrapped)\b/g;
/** "Handed the team over", "gave the piano away": the thing stands between. */
const PARTED =
  /\b(?:handed( .+?) (?:over|off)|gave( (?:the|his|her|their|its|that) .+?) (?:away|up)|threw( .+?) (?:away|out)|let( .+?) (?:go|expire|lapse)|sent( .+?) back|had( .+?) (?:removed|deleted|disconnected|taken out|shut off|cancelled|put down))\b/;
/** "Does not need glasses anymore": what is not done any more stands between. */
const NOT_ANYMORE = /\b(?:doesn't|does not|isn't|is not|don't|do not|aren't|are not)( .+?) any ?more\b/;
const DONE =
  /\b(?:finished|completed|graduated(?: from)?|merged|shipped|passed|submitted|delivered|wrapped up|closed|launched|published|handed in|earned|received|defended|turned in|filed|sent(?: off| in| out)?|presented|released|wrapped)\b/;
/** What one trains for is done by doing it. */
const PERFORMED = /\b(?:ran|rode|swam|took part in|competed in|took|sat|played|performed|gave)\b/;
const ONGOING =
  /\b(?:is (?:\w+ing|enrolled|in|on|an? (?:\w+ )*(?:student|candidate|trainee|apprentice|freshman|sophomore))|goes to|attends|works on|studies|has started|started|plans to|wants to|is currently)\b/;
const PREPARING = /\b(?:training|preparing|practi[cs]ing|rehearsing|studying) for\b/;

const BEFORE_VERB =
  /^(?:and|then|but|has|have|had|was|were|been|is|are|got|he|she|they|who|since|recently|just|now|finally|officially|eventually|entirely|completely|already|mostly|since|user|)$/;

/** Whether a verb can stand there: "left" of "a bad left knee" is none. */
const isVerbAt = ({ lower, possession, owner }: Fact, index: number): boolean => {
  const last = lower.slice(0, index).trimEnd().split(' ').at(-1) ?? '';
  const subject = (possession || owner).split(' ').at(-1) ?? '';
  return BEFORE_VERB.test(last) || last === subject || last.endsWith(',') || last.endsWith('ly');
};

/** Said of a task that goes on, these end it; "finished a class" is one of many, "finished the tiles" a part. */
const completionIn = (old: Fact, { lower }: Fact): Ending | null => {
  const done = DONE.exec(lower) ?? (PREPARING.test(old.lower) ? PERFORMED.exec(lower) : null);
  if (!done || !ONGOING.test(old.lower)) return null;
  const after = lower.slice(done.index + done[0].length);
  return /^ (?:an?|another|\d+|one|two|three|half|most|some|part|lesson|chapter|unit|session) /.test(after)
    ? null
    : { words: done[0], after };
};

/** The words that end something, and what follows them, if they can end what the old fact states. */
export const endingsIn = (old: Fact, fresh: Fact): Ending[] => {
  const { lower } = fresh;
  const anymore = NOT_ANYMORE.exec(lower)?.[1];
  if (anymore !== undefined) return [{ words: 'no longer', after: anymore }];
  const [, ...things] = PARTED.exec(lower) ?? [];
  const parted = (things as readonly (string | undefined)[]).find((thing) => thing !== undefined);
  if (parted !== undefined) return [{ words: 'parted', after: parted }];
  const endings = [...lower.matchAll(ENDED)]
    .filter(({ index }) => isVerbAt(fresh, index))
    // A car dealer who sold a car still sells cars.
    .filter(([words]) => words.startsWith('no longer') || !contentStems(words).some((word) => old.stems.includes(word)))
    .map((match) => ({ words: match[0], after: lower.slice(match.index + match[0].length) }));
  const completion = endings.length > 0 ? null : completionIn(old, fresh);
  return completion ? [completion] : endings;
};

/** Whether the fact tells of an ending itself. */
export const isEnding = ({ lower }: Fact): boolean => lower.search(ENDED) >= 0;

/** Verbs of which "no longer" ends having the thing itself, whatever verb the old fact has. */
const HOLDING =
  /^(?:needs?|uses?|has|have|owns?|wears?|takes?|requires?|an?|the|in|on|at|with|need|use|own|wear|take|have)$/;

/** "Going to the gym" is the gym, "playing the oboe" is playing the oboe, "vaping in spring" is vaping. */
const activity = (text: string, old: Fact): string => {
  const gerund =
    /^(going to|going|using|taking|having|doing|attending|subscribing to|wearing|(?:\w+ing)( (?:to|at|for|in|on|with|as))?) (.+)$/.exec(
      text,
    );
  if (!gerund) return nounPhrase(text);
  const [, verb = '', preposition, rest = ''] = gerund;
  return /^(?:going|using|taking|having|doing|attending|subscribing|wearing)\b/.test(verb)
    ? nounPhrase(rest)
    : preposition === undefined || contentStems(nounPhrase(rest)).every((word) => old.stems.includes(word))
      ? `${verb} ${nounPhrase(rest)}`
      : verb;
};

/** Stems that say what is over; of "account" and the like only where no other word names the thing. */
const named = (text: string): string[] => {
  const own = specific(text);
  return own.length > 0 ? own : contentStems(text);
};

/** "No longer needs crutches" is the crutches, "no longer plays the oboe" playing the oboe. */
const abandoned = (rest: string): string => {
  const [verb = '', ...others] = rest.split(' ');
  const [first = '', ...more] = HOLDING.test(verb) ? others : [verb, ...others];
  const after = more.join(' ');
  // "No longer lives with a cat" is living with it, and not living anywhere.
  return `${first} ${nounPhrase(after) || nounPhrase(more.slice(1).join(' '))}`;
};

/** Stems of what is said to be over. */
export const endedThing = ({ words, after }: Ending, old: Fact, fresh: Fact): string[] => {
  const rest = `${/^no longer (.+)/.exec(words)?.[1] ?? ''} ${after.trim()}`.trim();
  const own = named(words.startsWith('no longer') ? abandoned(rest) : activity(rest, old));
  // "The contract expired": what ends is the subject. "Stopped by the office" ends nothing.
  if (own.length > 0) return own;
  // The case of the phone is not the case at court.
  if (old.possession !== '' && old.possession !== fresh.possession) return [];
  return specific(`${fresh.possession} ${fresh.owner === 'user' ? '' : fresh.owner}`);
};
