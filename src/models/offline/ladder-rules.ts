import type { Fact } from './fact.js';
import { isNegated } from './moods.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { nameOthers } from './scope.js';
import { coverage, wordsOf } from './words.js';

type Ladder = readonly (readonly [string, RegExp])[];

const MARITAL: Ladder = [
  [
    'separated',
    /\b(?:divorced|divorcing|separated from|broke up|split up|widowed|ended (?:their|her|his|the) (?:relationship|marriage|engagement)|is single again)\b/,
  ],
  ['married', /\b(?:(?:is|are|got|get) married|married (?!life|couple|people)\w+|tied the knot|wed)\b/],
  ['engaged', /\b(?:(?:is|are|got) engaged(?! in\b)|proposed to(?! the\b)|accepted .*proposal)\b/],
  [
    'dating',
    /\b(?:is dating|started dating|in a relationship|has a (?:girlfriend|boyfriend|partner)|seeing someone)\b/,
  ],
  ['single', /\bis (?:single|a bachelor(?:ette)?)\b(?! (?:parent|mother|father|mom|dad))/],
];
const DIET: Ladder = [
  [
    'meat',
    /\b(?:(?:eats?|eating) (?:meat|everything|beef|steak|chicken)|(?:is|became) (?:an? )?(?:omnivore|carnivore|meat[- ]eater))\b/,
  ],
  ['fish', /\b(?:eats?|eating) (?:fish|seafood|salmon|sushi)\b/],
  ['vegan', /\b(?:vegan|plant-based)(?=$|[,.;]| (?:who|now|since|for|diet|again|lifestyle|and|but|because|after)\b)/],
  ['vegetarian', /\bvegetarian(?=$|[,.;]| (?:who|now|since|for|diet|again|lifestyle|and|but|because|after)\b)/],
  ['pescatarian', /\bpescatarian\b/],
];
const PLAN: Ladder = [
  ['prospect', /\bis an? (?:\w+ )?(?:prospect|lead)\b/],
  ['trial', /\b(?:is on|started|has) (?:an? )?(?:[\w-]+ )?trial\b/],
  ['free', /\bis a free (?:user|customer)\b|\b(?:on|to) (?:the )?(?:free|basic) (?:plan|tier|version|subscription)\b/],
  [
    'paid',
    /\b(?:(?:on|to|for) (?:an? |the )?(?:\w+ )?(?:(?:pro|premium|plus|business|enterprise|team|starter|standard|paid|paying|growth|scale|annual|monthly|family|gold|silver|platinum) (?:plan|tier|subscription|version|customer|account)|(?:pro|premium|enterprise)$)|converted to (?:a )?pa(?:id|ying)\b.*|(?:is|became) (?:now )?a pa(?:id|ying) (?:customer|user))/,
  ],
];
const LEGAL: Ladder = [
  ['citizen', /\b(?:is|became|naturali[sz]ed as) an? (?:\w+ )?citizen\b/],
  [
    'resident',
    /\b(?:has|got|received|obtained|is) (?:an? |the |their |his |her )?(?:green card|residence permit|permanent resident|permanent residency)\b/,
  ],
  [
    'visa',
    /\b(?:is|has|got|received|works?|obtained|switched to) (?:on |an? |to )+[\w-]+(?: \w+)? (?:visa|permit)\b|\b[\w-]+ visa (?:was|is|has been|got) (?:granted|approved|issued)\b/,
  ],
];
const HOUSEHOLD: Ladder = [
  ['alone', /\blives (?:alone|by (?:them|him|her)sel\w+|on (?:their|his|her) own)\b/],
  [
    'together',
    /\bhas (?:\w+ )?(?:room|flat|house)mates?\b|\blives with (?!.*\b(?:illness|disease|pain|condition|anxiety|depression|diabetes|asthma|adhd|disability)\b)/,
  ],
];
/** A title that is a possession of its own in "User's work visa was granted". */
const TITLE = /\b(?:visa|green card|residency|citizenship)$/;
const CHANGE =
  /\b(?:now|got|became|started|began|moved|went|switched|upgraded|downgraded|converted|again|no longer|received|obtained|granted|approved|issued|naturali[sz]ed|broke|split|ended|divorced|tied)\b/;

const rungOf = (ladder: Ladder, { lower }: Fact): { rung: string; text: string } | null => {
  for (const [rung, pattern] of ladder) {
    const match = pattern.exec(lower);
    // "Officiated when Bea got married" is about someone else's wedding.
    if (
      match &&
      !/\b(?:when|that|where|who|before|after|officiated|saw|heard|attended)\b/.test(lower.slice(0, match.index))
    )
      return { rung, text: match[0] };
  }
  return null;
};

/** The names of a text without the rung's own: "Premium" is no company. */
const withoutRung = ({ text, lower }: Fact, rung: string): string => {
  const at = lower.indexOf(rung);
  return at < 0 ? text : `${text.slice(0, at)} ${text.slice(at + rung.length)}`;
};

/** From which state one gets into which others; a state left out can be followed by any. */
type Ways = Readonly<Record<string, readonly string[]>>;

const ladderRule =
  (ladder: Ladder, reason: string, { differ, ways = {} }: { differ: 'rung' | 'text'; ways?: Ways }): Rule =>
  (old, fresh) => {
    if (old.owner !== fresh.owner || (old.possession !== fresh.possession && !TITLE.test(fresh.possession)))
      return null;
    const before = rungOf(ladder, old);
    const after = rungOf(ladder, fresh);
    if (!before || !after || /\b(?:never|not|doesn't)\b/.test(old.lower)) return null;
    const isSame =
      before.rung === after.rung && (differ === 'rung' || coverage(wordsOf(after.text), wordsOf(before.text)) > 0.7);
    if (isSame || ways[before.rung]?.includes(after.rung) === false) return null;
    const isOfOthers = nameOthers(withoutRung(old, before.text), withoutRung(fresh, after.text));
    return supersedes(isOfOthers ? 0.7 : CHANGE.test(fresh.lower) ? 0.93 : 0.87, reason);
  };

const marital = ladderRule(MARITAL, 'A person has one relationship status at a time.', {
  differ: 'rung',
  ways: {
    single: ['dating', 'engaged', 'married'],
    dating: ['engaged', 'married', 'separated', 'single'],
    engaged: ['married', 'separated', 'single'],
    married: ['separated'],
    separated: ['dating', 'engaged', 'married'],
  },
});

/** Relationship status: single, dating, engaged, married, separated. */
export const maritalRule: Rule = (old, fresh) => {
  const isFromSingle = /\bis (?:single|divorced|widowed|a bachelor)\b/.test(old.lower);
  return !isFromSingle && nameOthers(old.text, fresh.text) ? null : marital(old, fresh);
};
const diet = ladderRule(DIET, 'The diets exclude each other.', {
  differ: 'rung',
  ways: {
    meat: ['vegan', 'vegetarian', 'pescatarian'],
    fish: ['vegan', 'vegetarian'],
    pescatarian: ['meat', 'vegan', 'vegetarian'],
  },
});
/** What one eats; "no longer a vegetarian" is no diet. */
export const dietRule: Rule = (old, fresh) => (isNegated(fresh) ? null : diet(old, fresh));
export const legalRule = ladderRule(LEGAL, 'The new legal status replaces the old one.', {
  differ: 'text',
  ways: { citizen: [], resident: ['citizen'], visa: ['visa', 'resident', 'citizen'] },
});
export const householdRule = ladderRule(HOUSEHOLD, 'One lives alone or with others.', { differ: 'rung' });
const plan = ladderRule(PLAN, 'A customer is on one plan at a time.', { differ: 'text' });
/** Free, trial or paid plan; plans of two named products stand side by side. */
export const planRule: Rule = (old, fresh) =>
  /\b(?:lesson|meal|dental|health|phone|workout) plan\b/.test(`${old.lower} ${fresh.lower}`) ? null : plan(old, fresh);
