import { contentStems, wordsOf } from './words.js';

export type Asked = 'where' | 'who' | 'when' | 'howMany' | 'why' | 'yesNo' | 'what';

/** A question taken apart: what kind of answer it wants, of whom, and about what. */
export interface Question {
  asked: Asked;
  /** 'user' for "I", "my" and "the user", a lower-case name, or '' when nobody is named. */
  subject: string;
  /** The name as the question writes it, else ''. */
  name: string;
  isFirstPerson: boolean;
  /** Slot that answers it, e.g. 'employer', or null. */
  attribute: string | null;
  stems: readonly string[];
  /** Stem of the noun after "what" or "which", else ''. */
  classWord: string;
  lower: string;
}

const KINDS: readonly (readonly [Asked, RegExp])[] = [
  ['where', /\b(?:where|(?:what|which) (?:city|country|town|place|state))\b/],
  ['when', /\b(?:when|what (?:date|day|year|month|time)|since when|how long ago)\b/],
  ['howMany', /\bhow (?:many|much|old|long|often|tall|far|big)\b|\bwhat (?:number|percentage|amount)\b/],
  ['who', /\b(?:who|whom|whose)\b/],
  ['why', /\bwhy\b/],
  ['yesNo', /^(?:and |so |but )?(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b/],
];
const ATTRIBUTES: readonly (readonly [string, RegExp])[] = [
  [
    'residence',
    /\b(?:live|lives|living|reside|resides|based)\b|\bmoved? to\b|\bhome ?town\b|\b(?:city|country) (?:does|is|do)\b/,
  ],
  [
    'employer',
    /\b(?:where|who|which company|what company|what employer)\b.*\b(?:work|works|working|employed|employs?|employer)\b|\b(?:employer|company)\b|\bwork(?:s|ing)? (?:at|for)\b/,
  ],
  [
    'role',
    /\b(?:job|role|position|occupation|profession|title)\b|\bwhat (?:does|do) .+ do(?: for (?:a living|work))?\??$|\bwork as\b/,
  ],
  [
    'called',
    /\b(?:what(?:'s| is| are)|tell me) (?:[\p{L}']+ ){1,3}?(?:full |first |last )?names?\b|\bwhat .+ called\b|\bwho am i\b/u,
  ],
];
const NOT_NAMES = new Set(
  'where who whom whose when what which why how is are was were does do did has have had can could will would should tell and so but in on at the i my me as please if list give name describe'.split(
    ' ',
  ),
);
const FRAME = new Set(
  contentStems(
    'tell give list describe know remember recall say said mention name people person thing kind type sort many much old long often exactly does user happen',
  ),
);

const nameIn = (question: string): string => {
  const words = question.replaceAll('’', "'").match(/\p{L}[\p{L}'-]*/gu) ?? [];
  const at = words.findIndex((word) => /^\p{Lu}/u.test(word) && !NOT_NAMES.has(word.toLowerCase().replace(/'.*/, '')));
  if (at < 0) return '';
  // "Customer Acme" and "Alice Chen" are one name; "Alice's" ends it.
  const rest = words.slice(at);
  const last = rest.findIndex((word) => !/^\p{Lu}/u.test(word) || word.endsWith("'s"));
  const parts =
    last < 0 ? rest : rest.slice(0, rest[last]?.endsWith("'s") && /^\p{Lu}/u.test(rest[last] ?? '') ? last + 1 : last);
  return parts.join(' ').replace(/'s$/, '');
};

/** Reads a question. Anything at all gives a question; one about nothing has no stems. */
export const questionOf = (raw: string): Question => {
  const text = raw.slice(0, 1000).replace(/\s+/g, ' ').trim();
  const lower = text.toLowerCase().replaceAll('’', "'");
  const named = nameIn(text);
  const isUser = /^user$/i.test(named) || named === '';
  const isFirstPerson = /\b(?:i|my|me|mine|we|our)\b/.test(lower) && isUser;
  const asked = KINDS.find(([, pattern]) => pattern.test(lower))?.[0] ?? 'what';
  const own = new Set([...contentStems(named), ...wordsOf(named)]);
  return {
    asked,
    subject: isUser ? (isFirstPerson || /\buser(?:'s)?\b/.test(lower) ? 'user' : '') : named.toLowerCase(),
    name: isUser ? '' : named,
    isFirstPerson,
    attribute: ATTRIBUTES.find(([, pattern]) => pattern.test(lower))?.[0] ?? null,
    stems: contentStems(text).filter((word) => !own.has(word) && !FRAME.has(word)),
    lower,
    classWord:
      contentStems(
        /\b(?:what|which) (?:kind of |type of |sort of )?(\p{L}+) (?:does|do|did|is|are|was|has|have|can)\b/u.exec(
          lower,
        )?.[1] ?? '',
      )[0] ?? '',
  };
};
