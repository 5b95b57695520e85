import { contentStems, stem, wordsOf } from './words.js';

/** What is said of a subject, taken apart: "takes sugar in coffee" is take, sugar, in: coffee. */
export interface Frame {
  verb: string;
  /** The words between the verb and the first preposition. */
  object: string;
  /** By preposition; "time" for "every Thursday", "daily" and the like, which take none. */
  details: ReadonlyMap<string, string>;
}

const AUXILIARY = /^(?:is|are|was|were|has|have|had|been|being|be|does|did|do|got|get|gets)$/;
const PARTICIPLE =
  /(?:ing|ed)$|^(?:led|run|built|held|made|kept|written|taught|sold|born|known|sent|set|put|done|taken|given|broken|driven|fallen|grown|risen|gone|become|left|lost|begun|chosen|paid)$/;
const LEMMAS: ReadonlyMap<string, string> = new Map(
  'led:lead ran:run drank:drink rode:ride held:hold kept:keep left:leave wore:wear sent:send told:tell taught:teach is:be are:be was:be were:be am:be has:have had:have does:do did:do'
    .split(' ')
    .map((pair): [string, string] => {
      const [form = '', lemma = ''] = pair.split(':');
      return [form, stem(lemma)];
    }),
);
const BOUNDARY =
  / (?=(?:in|on|at|to|for|with|without|from|by|as|into|onto|about|after|before|since|until|because|during|via|over|through|while|when|near|under|around|due|and|but|so|who|which|that|where|whose|like|such|named|called|every|each|last|next|this|twice|once|daily|weekly|monthly|regularly|often|now|again|any ?more|yesterday|today|tonight|tomorrow|recently|instead)\b)/;
const TIMES =
  /^(?:every|each|last|next|this|twice|once|daily|weekly|monthly|regularly|often|now|again|any|anymore|yesterday|today|tonight|tomorrow|recently|instead)$/;

const lemmaOf = (word: string): string => LEMMAS.get(word) ?? stem(word);

/** The text up to the first preposition, conjunction or word of time. */
export const nounPhrase = (text: string): string =>
  ` ${text.trim()}`
    .split(BOUNDARY)[0]
    ?.replace(/[,;:(].*$/, '')
    .trim() ?? '';

/** Stem of the word that a noun phrase is about: its last one. */
export const headOf = (phrase: string): string => contentStems(phrase).at(-1) ?? '';

/** Takes a predicate apart. Auxiliaries before a participle are left out: "is led by" is lead, by. */
export const frameOf = (predicate: string): Frame => {
  const words = predicate.toLowerCase().replaceAll('’', "'").split(' ');
  let at = 0;
  while (AUXILIARY.test(words[at] ?? '') && PARTICIPLE.test(words[at + 1] ?? '')) at += 1;
  const [object = '', ...rest] = ` ${words.slice(at + 1).join(' ')}`.split(BOUNDARY);
  const details = new Map<string, string>();
  for (const piece of rest) {
    const first = piece.split(' ', 1)[0] ?? '';
    const isTime = TIMES.test(first);
    const key = isTime ? 'time' : first;
    if (!details.has(key)) details.set(key, isTime ? piece : piece.slice(first.length + 1));
  }
  return { verb: lemmaOf(wordsOf(words[at] ?? '')[0] ?? ''), object: object.trim(), details };
};
