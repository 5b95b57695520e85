import type { Fact } from './fact.js';
import { frameOf } from './phrases.js';
import { contentStems, coverage, stem, wordsOf } from './words.js';

/** People who are someone of the owner's: what is said of them is not said of the owner. */
const PERSONS = new Set(
  'roommate flatmate housemate friend sister brother sibling mother father mom mum dad parent wife husband spouse partner girlfriend boyfriend fiance fiancee son daughter kid child baby twin cousin aunt uncle niece nephew neighbor neighbour colleague coworker boss teacher grandmother grandfather grandma grandpa grandson granddaughter mother-in-law father-in-law landlord tenant client competitor assistant student mentor mentee therapist doctor'
    .split(' ')
    .map(stem),
);
/** Posts that one holder fills: "User's doctor is X" names the holder, and says nothing of a person. */
export const POST =
  /^(?:boss|landlord|doctor|therapist|teacher|assistant|mentor|manager|supervisor|dentist|bank|employer|company)$/;

const personsOf = ({ possession }: Fact): string[] =>
  wordsOf(possession)
    .map((word) => stem(word.replace(/'s$/, '')))
    .filter((word) => PERSONS.has(word));

const names = (text: string): string[] =>
  [...text.matchAll(/(?<!^)(?<!\p{L})(?!User(?!\p{L}))\p{Lu}[\p{L}\p{N}]+/gu)].map(([name]) => name.toLowerCase());

/** Whether the fact is about someone of the owner's. */
export const isPersonal = (fact: Fact): boolean => personsOf(fact).length > 0;

const mentions = ({ text }: Fact, person: string): boolean =>
  wordsOf(text).some((word) => stem(word.replace(/'s$/, '')) === person);

/** Whether the fact does no more than name the person: "User's girlfriend is Ana". */
const isNaming = ({ predicate }: Fact, other: Fact): boolean => {
  const name = /^is (?:named |called )?(\p{Lu}\p{L}+)/u.exec(predicate)?.[1];
  return name !== undefined && other.text.includes(name);
};

/** Whether one fact is about a relative of the owner of whom the other knows nothing. */
export const isOtherPerson = (old: Fact, fresh: Fact): boolean =>
  personsOf(fresh).some((person) => !POST.test(fresh.possession) && !mentions(old, person)) ||
  (!POST.test(old.possession) && !isNaming(old, fresh) && personsOf(old).some((person) => !mentions(fresh, person)));

/** Whether the fact is about the holder of a post, whom the other does not mention: what they end ends only theirs. */
export const isOtherHolder = (old: Fact, fresh: Fact): boolean =>
  POST.test(fresh.possession) && !mentions(old, personsOf(fresh)[0] ?? fresh.possession);

/** Whether both texts name somebody or something by name, and nobody in common, the words left out of account. */
export const nameOthers = (old: string, fresh: string): boolean => {
  const [a, b] = [names(old), names(fresh)];
  // "Canada" and "Canadian" are one.
  const isNamed = (name: string): boolean => b.some((other) => other.slice(0, 4) === name.slice(0, 4));
  return a.length > 0 && b.length > 0 && !a.some(isNamed);
};

const NO_SCOPE =
  /\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|order|addition|case|time|now|total|average)\b/;

/** Whether the facts are about two parts of something: tests "on the parser" and "on the renderer". */
export const isElsewhere = (old: Fact, fresh: Fact): boolean => {
  const [a, b] = [frameOf(old.predicate).details, frameOf(fresh.predicate).details];
  return ['on', 'for', 'in', 'at', 'about', 'with'].some((key) => {
    const [before, after] = [a.get(key) ?? '', b.get(key) ?? ''];
    if (NO_SCOPE.test(before) || NO_SCOPE.test(after)) return false;
    const [mine, theirs] = [contentStems(before), contentStems(after)];
    // "Left the bakery for a cafe" names the old place too.
    if (coverage(mine, fresh.stems) === 1) return false;
    // "The Oak Street flat" and "the Elm Street flat" are two: each has a word that the other lacks.
    return mine.length > 0 && theirs.length > 0 && coverage(mine, theirs) < 1 && coverage(theirs, mine) < 1;
  });
};

const REPORTED =
  /\b(?:asked|asks|wonder\w*|suggest\w*|recommend\w*|advis(?:ed|es)|heard|(?:read|said|says|thinks?|believes?|claims?|reads) (?:that|an article)|whether|according to|quoted)\b|\?$/;

/** Whether the fact passes on a question, an advice or what others say: it states nothing by itself. */
export const isReported = ({ lower }: Fact): boolean => REPORTED.test(lower);

const MARKED =
  /\b(?:now|no longer|any ?more|switch\w*|chang\w*|moved|instead|became|becomes|replaced?|upgraded|downgraded|started|began|stopped|quit|promoted|transferred|converted|reached|turned|has since|updated|reassigned|back to|since then|from .+ to)\b/;

/** Whether the fact itself says that something changed. */
export const isMarked = ({ lower }: Fact): boolean => MARKED.test(lower);

const LABEL = /\s\((?:\p{L}+\.? )?#?\d+\)\W*$/u;

/** "Paid the rent (invoice 3)" and "Paid the rent (invoice 4)": the same words about two instances, told apart by a label. */
export const isOtherInstance = (old: Fact, fresh: Fact): boolean => {
  const [before, after] = [LABEL.exec(old.text)?.[0], LABEL.exec(fresh.text)?.[0]];
  const isLabelled = before !== undefined && after !== undefined && before !== after;
  return isLabelled && old.text.replace(LABEL, '') === fresh.text.replace(LABEL, '');
};
