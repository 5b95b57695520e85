import type { Fact } from './fact.js';
import { contentStems, wordsOf } from './words.js';

/** Nouns of which an owner has one value at a time. "Dog", "sister" or "project" are not among them: there may be two. */
const SINGLE =
  /^(?:e-?mail(?: address)?|address|(?:phone|mobile|cell|telephone) ?(?:number)?|number|salary|income|wage|pay|birthday|birthdate|age|weight|height|hours|schedule|time ?zone|title|role|job|position|employer|manager|boss|supervisor|landlord|dentist|doctor|physician|therapist|accountant|lawyer|bank|budget|deadline|due date|start date|launch date|release date|date|rent|rate|price|cost|fee|goal|target|limit|quota|status|stage|phase|priority|plan|tier|subscription|version|password|username|handle|nickname|pronouns|major|gpa|score|rating|capital|capital city|president|prime minister|premier|chancellor|federal chancellor|monarch|king|queen|emperor|mayor|governor|ceo|cto|cfo|chairman|chairperson|head coach|coach|captain|chief executive(?: officer)?|head of state|head of government|director|owner|size|headcount|count|total|balance|dosage|dose|blood type|blood pressure|revenue|mrr|arr|headquarters|office|location|hometown|wake-?up time|bedtime|browser|editor|currency|theme|provider|carrier|team|club|occupation|profession|citizenship|nationality|visa|(?:default|main|primary|preferred|current|emergency|favou?rite|usual|go-to) .+)$/;
const LEADING =
  /^(?:current|new|main|primary|present|own|latest|updated|name of (?:the )?(?:current )?|name of |position of (?:the )?)+ ?/;

/** A single-valued attribute of the fact's owner and the value that the fact gives it. */
export interface Attribute {
  owner: string;
  name: string;
  value: string;
  isChange: boolean;
}

const canonical = (possession: string): string =>
  possession
    .replace(/favourite/g, 'favorite')
    .replace(LEADING, '')
    .replace(/^e-mail/, 'email')
    .replace(/^(email|phone|mobile)(?: address| number)$/, '$1')
    .trim();
const isSingle = (possession: string): boolean => {
  const name = canonical(possession).replace(/ (?:for|with|at|in|on) .*$/, '');
  return SINGLE.test(possession) || SINGLE.test(name) || SINGLE.test(name.split(' ').at(-1) ?? '');
};

const STATED =
  /^(?:is|are|was changed to|was set to|has changed to|changed to|became)(?: (?:held|occupied) by)? (.+)$/i;
const CHANGED =
  /^(?:has )?(?:got|has|have|changed|updated|set|received|hired|found|chose|picked|appointed)(?: to)? (?:an? new|his|her|their|its|the|a different) (.+?)(?: from .+?)?(?:,| to| is|:)+ (?:is )?(.+)$/i;

const RAISE = /^(?:got|received|was given|negotiated) (?:an? )?(?:pay |salary )?(?:raise|rise|increase) to (.+)$/i;
const REACHED =
  /^(?:crossed|hit|reached|passed|surpassed|exceeded) ([$€£]?[\d.,]+\s?(?:k|m|bn)?)(?: in)? (\p{L}+(?: \p{L}+)?)$/iu;

const worldAttribute = (fact: Fact): Attribute | null => {
  const inverse = /^is (?:currently )?the (?:current )?(.+?) of (?:the )?(.+)$/i.exec(fact.predicate);
  if (!inverse || fact.owner === '' || !isSingle((inverse[1] ?? '').toLowerCase())) return null;
  return {
    owner: (inverse[2] ?? '').toLowerCase(),
    name: canonical((inverse[1] ?? '').toLowerCase()),
    value: fact.owner,
    isChange: false,
  };
};

/** The attribute with one value that a fact states ("User's email is ...") or changes ("User got a new phone: ..."). */
export const attributeIn = (fact: Fact): Attribute | null => {
  const raise = RAISE.exec(fact.predicate)?.[1];
  if (raise !== undefined) return { owner: fact.owner, name: 'salary', value: raise, isChange: true };
  const reached = REACHED.exec(fact.predicate);
  if (reached && isSingle((reached[2] ?? '').toLowerCase()))
    return {
      owner: fact.owner,
      name: canonical((reached[2] ?? '').toLowerCase()),
      value: reached[1] ?? '',
      isChange: true,
    };
  const changed = CHANGED.exec(fact.predicate);
  const name = (changed?.[1] ?? '').toLowerCase();
  if (changed && fact.possession === '' && isSingle(name))
    return { owner: fact.owner, name: canonical(name), value: changed[2] ?? '', isChange: true };
  const stated = STATED.exec(fact.predicate);
  // "Is running a new system" tells what it does, and not what it is.
  if (/^\w+ing \S/.test(stated?.[1] ?? '')) return null;
  if (!stated || fact.possession === '' || !isSingle(fact.possession)) return worldAttribute(fact);
  return {
    owner: fact.owner,
    name: canonical(fact.possession),
    value: stated[1] ?? '',
    isChange: !/^(?:is|are) /i.test(fact.predicate),
  };
};

const HEADS: readonly (readonly [RegExp, RegExp])[] = [
  [/^head of government$/, /^(?:prime minister|premier|chancellor|federal chancellor)$/],
  [/^head of state$/, /^(?:president|monarch|king|queen|emperor)$/],
];

/** Whether two attribute names mean the same: word for word, by initials (MRR), or by office. */
export const isSameAttribute = (one: string, other: string): boolean => {
  if (one === other || contentStems(one).join(' ') === contentStems(other).join(' ')) return one !== '';
  if (HEADS.some(([a, b]) => (a.test(one) && b.test(other)) || (a.test(other) && b.test(one)))) return true;
  const initials = (name: string): string =>
    wordsOf(name)
      .map((word) => word[0])
      .join('');
  return (one.length > 1 && initials(other) === one) || (other.length > 1 && initials(one) === other);
};
