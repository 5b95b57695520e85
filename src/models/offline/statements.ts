import { isAdverb, isThirdPersonVerb } from './verbs.js';

/** Sentence openers that are capitalised without naming anything. */
const OPENERS = new Set(
  "the a an this that these those there it its it's he she they we you i what which who when where why how if because so and but or as in on at to for from with by of not no yes some many most all everyone nobody nothing something people one then now here well also just maybe after before while although however since until once every each another such let please thanks thank sounds assistant system ai user's today tomorrow yesterday that's there's here's both two three four five six seven eight nine ten big".split(
    ' ',
  ),
);
const MODAL = /\b(?:must|should|shall|ought|has to|have to|needs to|is required)\b/i;

/** Names and numbers that may make up a subject: "Feature X", "Bug 1234", "My sister Maria". */
const isSubjectWord = (word: string): boolean => /^[\p{Lu}\p{N}#]/u.test(word);

/** Whether a clause says something in plain English about a named person or thing; orders to them do not count. */
export const isNamedStatement = (clause: string): boolean => {
  if (MODAL.test(clause)) return false;
  const words = clause.split(/\s+/).slice(0, 8);
  const first = words[0]?.toLowerCase().replace(/[^\p{L}\p{N}'’]/gu, '') ?? '';
  // "Playing games is fun" and "Absolutely, it was" name nobody.
  if (/(?:ing|ly)$/.test(first) || /,$/.test(words[0] ?? '')) return false;
  const isDefinite = first === 'the';
  // "The rent is $900" is worth keeping, "The weather is nice" is not: a figure or a name tells them apart.
  if (isDefinite && !/\s[\p{Lu}\p{N}$€£]/u.test(clause)) return false;
  if (!isDefinite && (OPENERS.has(first) || !isSubjectWord(words[0] ?? ''))) return false;
  const verbAt = words.findIndex((word, index) => index > 0 && isThirdPersonVerb(word.toLowerCase()));
  if (verbAt < 1) return false;
  const between = words.slice(1, verbAt);
  return (
    isDefinite ||
    between.every(
      (word) => isSubjectWord(word) || isAdverb(word.toLowerCase()) || /['’]s$/.test(words[0] ?? '') || word === 'and',
    )
  );
};
