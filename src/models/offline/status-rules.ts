import type { Fact } from './fact.js';
import { coverage, wordsOf } from './words.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';

type Ladder = readonly (readonly [string, RegExp])[];

const MARITAL: Ladder = [
  [
    'separated',
    /\b(?:divorced|divorcing|separated from|broke up|split up|widowed|ended (?:their|her|his|the) (?:relationship|marriage|engagement)|is single again)\b/,
  ],
  ['married', /\b(?:(?:is|are|got|get) married|married \w+|tied the knot|wed)\b/],
  ['engaged', /\b(?:(?:is|are|got) engaged|proposed to|accepted .*proposal)\b/],
  [
    'dating',
    /\b(?:is dating|started dating|in a relationship|has a (?:girlfriend|boyfriend|partner)|seeing someone)\b/,
  ],
  ['single', /\bis single\b(?! (?:parent|mother|father|mom|dad))/],
];
const DIET: Ladder = [
  [
    'meat',
    /\b(?:(?:eats?|eating|ate) (?:meat|everything|beef|steak|chicken|fish)|(?:is|became) (?:an? )?(?:omnivore|carnivore))\b/,
  ],
  ['vegan', /\b(?:vegan|plant-based)\b(?! (?:restaurant|recipes?|options?|food|cafe))/],
  ['vegetarian', /\bvegetarian\b(?! (?:restaurant|recipes?|options?|food|cafe))/],
  ['pescatarian', /\bpescatarian\b/],
];
const PLAN: Ladder = [
  ['trial', /\b(?:is on|started|has) (?:an? )?(?:[\w-]+ )?trial\b/],
  ['free', /\b(?:on|to) (?:the )?(?:free|basic) (?:plan|tier|version|subscription)\b/],
  [
    'paid',
    /\b(?:(?:on|to|for) (?:an? |the )?(?:\w+ )?(?:pro|premium|plus|business|enterprise|team|starter|standard|paid|paying|growth|scale|annual|monthly|family|gold|silver|platinum)\b(?: (?:plan|tier|subscription|version|customer|account))?|converted to (?:a )?pa(?:id|ying)\b.*|is a pa(?:id|ying) customer)/,
  ],
];
const LEGAL: Ladder = [
  ['citizen', /\b(?:is|became|naturali[sz]ed as) an? (?:\w+ )?citizen\b/],
  [
    'resident',
    /\b(?:has|got|received|obtained|is) (?:an? |the |their |his |her )?(?:green card|permanent resident|permanent residency)\b/,
  ],
  ['visa', /\b(?:is|has|got|received|works?) (?:on |an? )+[\w-]+(?: \w+)? visa\b/],
];
const CHANGE =
  /\b(?:now|got|became|started|began|moved|went|switched|upgraded|downgraded|converted|again|no longer|received|obtained|naturali[sz]ed|broke|split|ended|divorced|tied)\b/;

const rungOf = (ladder: Ladder, { lower }: Fact): { rung: string; text: string } | null => {
  for (const [rung, pattern] of ladder) {
    const text = pattern.exec(lower)?.[0];
    if (text !== undefined) return { rung, text };
  }
  return null;
};

const namesIn = (fact: Fact): string[] =>
  [...fact.text.matchAll(/(?<!^)\b(?!User\b)\p{Lu}\p{L}+/gu)].map(([name]) => name.toLowerCase());
/** Someone else's wedding ends nobody else's engagement. */
const nameOtherPeople = (old: Fact, fresh: Fact): boolean => {
  const [a, b] = [namesIn(old), namesIn(fresh)];
  return a.length > 0 && b.length > 0 && coverage(a, b) === 0;
};

const ladderRule =
  (ladder: Ladder, reason: string, { differ }: { differ: 'rung' | 'text' }): Rule =>
  (old, fresh) => {
    if (old.owner !== fresh.owner || old.possession !== fresh.possession) return null;
    const before = rungOf(ladder, old);
    const after = rungOf(ladder, fresh);
    if (!before || !after) return null;
    const isSame =
      before.rung === after.rung && (differ === 'rung' || coverage(wordsOf(after.text), wordsOf(before.text)) > 0.7);
    if (isSame || /\b(?:never|not|doesn't)\b/.test(old.lower)) return null;
    return supersedes(CHANGE.test(fresh.lower) ? 0.93 : nameOtherPeople(old, fresh) ? 0.7 : 0.86, reason);
  };

const marital = ladderRule(MARITAL, 'A person has one relationship status at a time.', { differ: 'rung' });

/** Relationship status: single, dating, engaged, married, separated. */
export const maritalRule: Rule = (old, fresh) => {
  const isFromSingle = /\bis single\b/.test(old.lower);
  return !isFromSingle && nameOtherPeople(old, fresh) ? null : marital(old, fresh);
};
export const dietRule = ladderRule(DIET, 'The diets exclude each other.', { differ: 'rung' });
export const legalRule = ladderRule(LEGAL, 'The new legal status replaces the old one.', { differ: 'rung' });
const plan = ladderRule(PLAN, 'A customer is on one plan at a time.', { differ: 'text' });
/** Free, trial or paid plan; plans of two named products stand side by side. */
export const planRule: Rule = (old, fresh) =>
  /\b(?:lesson|meal|dental|health|phone|workout) plan\b/.test(`${old.lower} ${fresh.lower}`) ? null : plan(old, fresh);

const STATUS =
  /^(?:is|are|has been|was|went|entered|moved|has|got)?\s?(?:moved |put |set |marked )?(?:in|into|to|under|on|at|as)? ?(?:the |an? )?(open|closed|(?:design|code|legal|security|peer)? ?review|design|development|progress|testing|qa|staging|production|shipped|deployed|launched|released|merged|done|complete|completed|finished|blocked|paused|on hold|hold|cancelled|canceled|pending|approved|rejected|resolved|fixed|draft|published|live|delivered|in transit|backlog|planning|beta|alpha|onboarding|churned|trial|discovery|negotiation|signed|archived|reopened|won|lost|overdue|paid|active|inactive|scheduled|in stock|out of stock|discontinued|deprecated|settled|dismissed|expired|renewed|granted|denied|filled|sold out)\b/;

const statusOf = ({ predicate }: Fact): string | null => STATUS.exec(predicate.toLowerCase())?.[1]?.trim() ?? null;

/** A named thing (feature, bug, customer, order) has one status at a time. */
export const statusRule: Rule = (old, fresh) => {
  const isThing = old.owner !== 'user' || old.possession !== '';
  if (
    !isThing ||
    old.owner !== fresh.owner ||
    old.possession !== fresh.possession ||
    !/^(?:is|are) /i.test(old.predicate)
  )
    return null;
  const before = statusOf(old);
  const after = statusOf(fresh);
  if (before === null || after === null) return null;
  const isDone = /^(?:completed|finished)/i.test(fresh.predicate);
  if (before === after && !isDone) return null;
  const isVague = /^(?:blocked|paused|overdue|active|scheduled|on hold|hold)$/.test(after);
  return supersedes(isVague ? 0.8 : 0.92, 'A thing has one status at a time, and the new fact gives a later one.');
};
