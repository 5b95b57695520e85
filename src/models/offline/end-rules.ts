import type { Fact } from './fact.js';
import { isAboutPast, isNegated, isOneOff } from './moods.js';
import { GENERIC, isOf, specific } from './objects.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { kinship } from './synonyms.js';
import { contentStems, coverage } from './words.js';

const ENDED =
  /\b(?:cancel+ed|quit|stopped|gave up|given up|deleted|sold|left|ended|dropped|closed|unsubscribed(?: from)?|uninstalled|resigned(?: from)?|got rid of|lost|donated|gave away|retired from|withdrew from|abandoned|terminated|deactivated|no longer \w+|returned|let go of|moved out of|recovered from|got over|passed away|died|disbanded|shut down|discontinued|broke off|called off|outgrew|paid off|expired|healed|stepped down (?:as|from)|cured of|resolved|removed)\b/;
const DONE =
  /\b(?:finished|completed|graduated(?: from)?|merged|shipped|passed|submitted|delivered|wrapped up|closed|launched|published|handed in|earned|received|defended)\b/;
const ONGOING =
  /\b(?:is (?:taking|doing|working|studying|reading|preparing|learning|writing|building|training|enrolled|pursuing|attending|watching|in|on|renovating|planning|recovering|developing|drafting|finishing|completing)|works on|studies|stud(?:ying)|has started|started|plans to|wants to|is currently)\b/;
const TAIL =
  / (?:last|this|because|after|since|due|in (?:19|20)\d\d|on|as|when|for|and|yesterday|today|recently|ago|over|with)\b.*$/;

/** Words for the whole of a piece of work, which may end a phrase without naming anything else. */
const CONTAINERS = new Set(
  contentStems('pr project task course class program programme training work process book contract'),
);

/** The word that ends something, if what it ends can be what the old fact states. */
const endingIn = (old: Fact, fresh: Fact): RegExpExecArray | null => {
  const ended = ENDED.exec(fresh.lower);
  // A car dealer who sold a car still sells cars.
  if (ended)
    return contentStems(ended[0]).some(
      (word) => word !== 'longer' && !ended[0].startsWith('no longer') && old.stems.includes(word),
    )
      ? null
      : ended;
  const done = DONE.exec(fresh.lower);
  if (!done || !ONGOING.test(old.lower)) return null;
  // "Finished a yoga class" is one of many, "finished the course" is the one.
  return /^ (?:an?|another|\d+|one|two|three|lesson|chapter|unit|part|session) /.test(
    fresh.lower.slice(done.index + done[0].length),
  )
    ? null
    : done;
};

/** "Cancelled the gym membership", "finished the course": the old state is said to be over. */
export const endRule: Rule = (old, fresh) => {
  // Two wordings of one ending ("died", "passed away") end nothing twice.
  if (!isOf(old, fresh) || isAboutPast(old) || isNegated(old) || ENDED.test(old.lower)) return null;
  const match = endingIn(old, fresh);
  if (!match) return null;
  const noLonger = /^no longer (?!has|is)(\w+)/.exec(match[0])?.[1] ?? '';
  const after = fresh.lower.slice(match.index + match[0].length).replace(TAIL, '');
  const own = specific(`${noLonger} ${after}`);
  const object = own.length > 0 ? own : fresh.stems.filter((word) => !specific(match[0]).includes(word));
  const share = coverage(object, old.stems);
  const back = coverage(
    old.stems.filter((word) => !GENERIC.has(word)),
    object,
  );
  if (share >= 0.99 && back >= 0.3) return supersedes(0.94, 'The new fact says that the old state has ended.');
  // "Lost the cat's toy" ends nothing about the cat, "finished the signup page" nothing about the login page.
  const head = object.at(-1) ?? '';
  const isKindred = kinship(head, new Set(old.stems)) > 0 || CONTAINERS.has(head);
  return object.length > 1 && coverage(object.slice(0, -1), old.stems) === 1 && back >= 0.5 && isKindred
    ? supersedes(0.88, 'The new fact says that the old state has ended.')
    : null;
};

/** "Does not eat fish" after "eats fish", and the other way round. */
export const negationRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || isAboutPast(old) || isOneOff(fresh) || isNegated(old) === isNegated(fresh))
    return null;
  const clean = (fact: Fact): string[] =>
    fact.stems.filter(
      (word) => !/^(?:longer|never|anymor|ani|stop|start|again|now|hate|lik|lov|enjoi|dislik|no)$/.test(word),
    );
  const [a, b] = [clean(old), clean(fresh)];
  if (b.length === 0 || coverage(b, a) < 1) return null;
  const isMarked = /\b(?:no longer|any ?more|stopped|now|again|started|after all|actually)\b/.test(fresh.lower);
  return coverage(a, b) === 1 || (isMarked && coverage(a, b) >= 0.5)
    ? supersedes(isMarked ? 0.95 : 0.88, 'The new fact denies what the old one states.')
    : null;
};

const SEARCHES: readonly (readonly [RegExp, RegExp])[] = [
  [
    /\b(?:looking|searching|hunting|applying|interviewing) for (?:an? )?(?:new )?(?:\w+ )?(?:job|role|position|work)\b|\bjob hunting\b|\bis unemployed\b|\bbetween jobs\b/,
    /\b(?:accepted (?:an? |the )?(?:\w+ )?(?:offer|job|position)|got (?:an? |the )?(?:new )?job|joined|started (?:working|an? (?:new )?job)|was hired|got hired|found (?:an? )?(?:new )?job|landed)\b/,
  ],
  [
    /\b(?:looking|searching|hunting) for (?:an? )?(?:new )?(?:\w+ )?(?:apartment|flat|house|home|place)\b|\b(?:house|apartment) hunting\b/,
    /\b(?:bought|rented|found|signed (?:a|the) lease|closed on|moved into)\b.*\b(?:apartment|flat|house|home|place|lease|condo)\b/,
  ],
  [
    /\b(?:is pregnant|expecting (?:a )?(?:baby|child|twins))\b/,
    /\b(?:gave birth|had (?:a|the|their) (?:baby|son|daughter|twins)|baby (?:was|is) born)\b/,
  ],
];

/** A search or an expectation is over once it is fulfilled. */
export const fulfilledRule: Rule = (old, fresh) =>
  old.owner === fresh.owner && SEARCHES.some(([search, found]) => search.test(old.lower) && found.test(fresh.lower))
    ? supersedes(0.92, 'What the old fact says was sought has been found.')
    : null;
