/** Words so frequent that sharing them says nothing about a shared subject. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  "a an the and or but if then so as of at by for with about into to from in on off over under up down out is are was were be been being am do does did doing done have has had having i me my mine myself we us our ours you your yours he him his she her hers it its they them their theirs this that these those there here who whom whose which what when where why how can could will would shall should may might must not no nor too very just also now again than some any all each both more most other such only own same s t don't doesn't didn't isn't aren't wasn't i'm i've i'd i'll it's user's user currently really still get got go goes went one".split(
    ' ',
  ),
);

const IRREGULAR: ReadonlyMap<string, string> = new Map(
  Object.entries({
    went: 'go',
    gone: 'go',
    goes: 'go',
    bought: 'buy',
    children: 'child',
    kids: 'child',
    kid: 'child',
    got: 'get',
    gotten: 'get',
    ate: 'eat',
    eaten: 'eat',
    met: 'meet',
    taught: 'teach',
    ran: 'run',
    wrote: 'write',
    written: 'write',
    drove: 'drive',
    driven: 'drive',
    flew: 'fly',
    took: 'take',
    taken: 'take',
    began: 'begin',
    begun: 'begin',
    left: 'leave',
    lost: 'lose',
    sold: 'sell',
    spoke: 'speak',
    spoken: 'speak',
    swam: 'swim',
    thought: 'think',
    won: 'win',
    grew: 'grow',
    grown: 'grow',
    knew: 'know',
    known: 'know',
    made: 'make',
    paid: 'pay',
    sang: 'sing',
    saw: 'see',
    seen: 'see',
    slept: 'sleep',
    spent: 'spend',
    built: 'build',
    born: 'birth',
    bike: 'bicycle',
    bikes: 'bicycle',
    people: 'person',
    wives: 'wife',
    mom: 'mother',
    mum: 'mother',
    dad: 'father',
    colour: 'color',
    colours: 'color',
    favourite: 'favorite',
    married: 'marry',
    marriage: 'marry',
    gave: 'give',
    given: 'give',
    became: 'become',
    chose: 'choose',
    chosen: 'choose',
    broke: 'break',
    broken: 'break',
    read: 'read',
    died: 'die',
    dying: 'die',
  }),
);

const VOWEL = /[aeiouy]/;
const undouble = (word: string): string => (/([bdfgmnprt])\1$/.test(word) ? word.slice(0, -1) : word);

const withoutEnding = (word: string): string => {
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  if (/[^sui]s$/.test(word)) return word.slice(0, -1);
  for (const ending of ['ing', 'ed']) {
    const rest = word.slice(0, -ending.length);
    if (word.endsWith(ending) && rest.length > 2 && VOWEL.test(rest)) return undouble(rest);
  }
  return word.endsWith('ly') && word.length > 5 ? word.slice(0, -2) : word;
};

/** A light stem: "lives", "lived" and "living" meet, "news" and "new" mostly do not. */
export const stem = (word: string): string => {
  const irregular = IRREGULAR.get(word);
  const base = irregular ?? (word.length > 3 ? withoutEnding(word) : word);
  if (base.length > 3 && base.endsWith('e')) return base.slice(0, -1);
  return base.length > 3 && base.endsWith('y') ? `${base.slice(0, -1)}i` : base;
};

/** Lower-case words and numbers of a text in order; "Alice's" stays one word with a straight apostrophe. */
export const wordsOf = (text: string): string[] =>
  text
    .replaceAll('’', "'")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+(?:'\p{L}+)?/gu) ?? [];

/** Stems of the words that carry meaning, possessive endings removed. */
export const contentStems = (text: string): string[] =>
  wordsOf(text)
    .map((word) => word.replace(/'s$/, ''))
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem);

const SUFFIX = /^(?:e?r|or|al|e?ment|ing|ist|st|ian|at?ion|ic|ive|[ae]nce|[ae]nt|ness)$/;
const extend = (word: string, other: string): boolean =>
  other.startsWith(word) && SUFFIX.test(other.slice(word.length).replace(/^([bdgmnprt])(?=er$)/, ''));

/** Whether two stems are one word in two forms: "teacher" and "teach", "rental" and "rent". */
export const isDerived = (one: string, other: string): boolean =>
  one === other || (one.length > 2 && other.length > 2 && (extend(one, other) || extend(other, one)));

/** Share of `part` that `whole` contains; 0 for an empty part, because nothing shared proves nothing. */
export const coverage = (part: readonly string[], whole: readonly string[]): number => {
  if (part.length === 0) return 0;
  const known = new Set(whole);
  return part.filter((word) => known.has(word)).length / part.length;
};
