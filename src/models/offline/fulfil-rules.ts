import type { Fact } from './fact.js';
import { isNegated } from './moods.js';
import { isOf, specific } from './objects.js';
import { headOf, nounPhrase } from './phrases.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { slotsOf } from './slots.js';
import { coverage } from './words.js';

const EXPIRING = /\b(?:expires?|expiring|runs out|valid until|up for renewal)\b/;

/** A renewal sets another day on which something runs out. */
export const renewalRule: Rule = (old, fresh) => {
  const renewed = /\b(?:renewed|extended)\b(.*)$/.exec(fresh.lower)?.[1];
  if (renewed === undefined || !EXPIRING.test(old.lower) || !isOf(old, fresh)) return null;
  const object = specific(nounPhrase(renewed.split(',')[0] ?? ''));
  return object.length > 0 && coverage(object, old.stems) === 1
    ? supersedes(0.92, 'What was to expire has been renewed.')
    : null;
};

const SOUGHT =
  /\b(?:(?:looking|searching|hunting|shopping|waiting|applying|interviewing|saving(?: up)?|(?:raising|saving) money|hoping|on (?:a|the) (?:waiting list|waitlist)|in the market) for|applying to|seeking|applied for|awaits|awaiting|expecting|(?:job|house|apartment|flat) hunting|is unemployed|between jobs)\b.*$/;
const FOUND =
  /\b(?:bought|got|received|found|adopted|landed|accepted|rented|purchased|hired|had (?=the |their |his |her )|joined|signed|moved into|closed on|started working|started an? (?:new )?job|(?:was|were|been|has been|is) (?:granted|approved|hired|offered|accepted|born|delivered)|arrived|came through)\b/;
/** What a search is for and what ends it go by several names. */
const GOALS: readonly (readonly [RegExp, RegExp])[] = [
  [
    /\b(?:jobs?|role|position|work|unemployed)\b/,
    /\b(?:job|role|position|offer)$|\b(?:(?:was|were|been) hired|started working)\b/,
  ],
  [/\b(?:apartment|flat|house|home|place|condo|room)\b/, /\b(?:apartment|flat|house|home|place|condo|room|lease)$/],
  [/\b(?:baby|child|twins)\b/, /\b(?:baby|son|daughter|twins|child|boy|girl)$/],
];

/** "Found a job" is what "looking for a job" is about; "had a job interview" is not. */
const isGoal = (sought: string, found: string, fresh: Fact): boolean => {
  if (GOALS.some(([goal, end]) => goal.test(sought) && end.test(found))) return true;
  if (
    /\b(?:job|role|position|work|unemployed)\b/.test(sought) &&
    slotsOf(fresh).some(({ key, isChange }) => isChange && key.endsWith('|employer'))
  )
    return true;
  const phrase = nounPhrase(sought).replace(
    / (?:decision|approval|answer|response|result|results|reply|confirmation)$/,
    '',
  );
  const head = headOf(phrase);
  return head !== '' && (headOf(found) === head || headOf(fresh.possession) === head);
};

/** A search, a wait or an expectation is over once it is fulfilled. */
export const fulfilledRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || isNegated(fresh)) return null;
  if (
    /\bis pregnant\b/.test(old.lower) &&
    /\b(?:gave birth|had (?:a|the|their|her) (?:baby|son|daughter|twins|boy|girl))\b/.test(fresh.lower)
  )
    return supersedes(0.92, 'The child that the old fact expects has been born.');
  const sought = SOUGHT.exec(old.lower);
  const found = FOUND.exec(fresh.lower);
  if (!sought || !found) return null;
  const after = fresh.lower.slice(found.index + found[0].length);
  const what = `${found[0]} ${nounPhrase(after) || nounPhrase(after.replace(/^ (?:to|into|at|in|for) /, ' '))}`.trim();
  return isGoal(sought[0].replace(/^.*?\b(?:for|seeking|awaiting|expecting)\b/, ''), what, fresh)
    ? supersedes(0.9, 'What the old fact says was sought has been found.')
    : null;
};
