import { isAdverb, isBaseVerb, isPast, thirdPerson } from './verbs.js';

const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bI['’]m\b/gi, 'I am'],
  [/\bI['’]ve\b/gi, 'I have'],
  [/\bI['’]ll\b/gi, 'I will'],
  [/\bwe['’]re\b/gi, 'we are'],
  [/\bwe['’]ve\b/gi, 'we have'],
  [/\bwe['’]ll\b/gi, 'we will'],
];

/** Writes "I'm" and its kin out, so that the verb stands as a word of its own. */
export const expandFirstPerson = (text: string): string =>
  CONTRACTIONS.reduce((result, [pattern, full]) => result.replace(pattern, full), text);

const PRONOUN = /\b(?:I|we|me|us|my|our|mine|ours|myself|ourselves)\b/gi;
const REPEATED: Readonly<Record<string, string>> = {
  me: 'them',
  us: 'them',
  my: 'their',
  our: 'their',
  mine: 'theirs',
  ours: 'theirs',
  myself: 'themselves',
  ourselves: 'themselves',
};

/** Conjugates the first verb after the subject; adverbs in between stay. */
const conjugateFirst = (rest: string): string => {
  const match = /^((?:\s+[a-z]+){0,3}?)(\s+)([a-z]+(?:['’]t)?)(?![a-z])/i.exec(rest);
  if (!match) return rest;
  const [whole, before = '', space = ' ', verb = ''] = match;
  const word = verb.toLowerCase().replace('’', "'");
  if (before === '' && word === 'no' && /^ longer\b/.test(rest.slice(whole.length)))
    return `${space}no longer${conjugateFirst(rest.slice(whole.length + ' longer'.length))}`;
  if (before === '' && isAdverb(word)) return `${space}${verb}${conjugateFirst(rest.slice(whole.length))}`;
  return `${before}${space}${thirdPerson(word)}${rest.slice(whole.length)}`;
};

/** "loves tea and play chess": the second verb of the same subject agrees too. */
const conjugateCoordinated = (text: string): string =>
  text.replace(
    /(,? (?:and|but|or) )((?:also |usually |often |mostly )?)([a-z]+)\b/g,
    (whole, joint: string, adverb: string, verb: string, at: number) => {
      const earlier = text.slice(0, at);
      // "learned to sing and dance" and "like to cook and bake" coordinate infinitives, which take no ending.
      return isBaseVerb(verb) &&
        !isPast(verb) &&
        !/\b(?:to|can|will|could|would|did|does|not|n't) \w+(?: \w+){0,3}$/.test(earlier) &&
        /[a-z]s\b/.test(earlier)
        ? `${joint}${adverb}${thirdPerson(verb)}`
        : whole;
    },
  );

const replaceSubject = (text: string, at: number, length: number, name: string): string => {
  const rest = conjugateFirst(text.slice(at + length));
  return `${text.slice(0, at)}${name}${conjugateCoordinated(rest)}`;
};

/**
 * Rewrites a first-person clause about `name`. The first mention gives the name, later ones "they" or "their":
 * repeating the name would read like a second person of the same name.
 */
export const toThirdPerson = (clause: string, name: string): string => {
  const text = expandFirstPerson(clause);
  const first = /\b(?:I|we|my|our)\b/i.exec(text);
  if (!first) return text;
  const isPossessive = /^(?:my|our)$/i.test(first[0]);
  const named = isPossessive
    ? `${text.slice(0, first.index)}${name}'s${text.slice(first.index + first[0].length)}`
    : replaceSubject(text, first.index, first[0].length, name);
  const offset = first.index + name.length;
  return (
    named.slice(0, offset) +
    named
      .slice(offset)
      .replace(/\b(I|we) am\b/gi, 'they are')
      .replace(/\bI was\b/g, 'they were')
      .replace(PRONOUN, (word) => REPEATED[word.toLowerCase()] ?? 'they')
  );
};
