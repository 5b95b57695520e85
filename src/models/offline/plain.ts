const HAS =
  '(?=(?:\\s+(?:always|really|already|never|also|just|not))?\\s+(?:been|got|had|become|gone|made|given|taken|helped|taught|shown)\\b)';

/** How people write in chats, and what a tagger trained on edited text reads. Order matters: longer forms come first. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/[’‘`´]/g, "'"],
  [/[“”]/g, '"'],
  [/\bw\/(?=\s)/g, 'with'],
  [/(?<=\s)&(?=\s)/g, 'and'],
  [/\b(?:I|i)(?:'?m|'m)\b(?!\.)/g, 'I am'],
  [/\b(?:I|i)'?ve\b/g, 'I have'],
  [/\b(?:I|i)'ll\b/g, 'I will'],
  [/\b(?:I|i)'d(?=\s+(?:(?:never|always|already|just|also)\s+)?(?:been|had|gone|better|seen|done)\b)/g, 'I had'],
  [/\b(?:I|i)'d\b/g, 'I would'],
  [/(?<![\w.'-])i(?![\w.'-])/g, 'I'],
  [/\b(we|you|they)'re\b/gi, '$1 are'],
  [/\b(we|you|they|who|could|would|should|must|might)'ve\b/gi, '$1 have'],
  [/\b(we|you|they|he|she|it|that|there|this|who)'ll\b/gi, '$1 will'],
  [/\b(we|you|they|he|she|it|that|there|who)'d\b/gi, '$1 would'],
  [new RegExp(`\\b(he|she|it|that|there|who|what|name|everything|everyone|everybody)'s${HAS}`, 'gi'), '$1 has'],
  [/\b(he|she|it|that|there|here|who|what|where|how|this|name|everything)'s\b/gi, '$1 is'],
  [/\b(that|there|what|how|where|who|she|he)s\b(?! ['’])/gi, '$1 is'],
  [/\b(they|you)re\b/gi, '$1 are'],
  [/\bits(?= (?:an?|the|just|so|not|been|really|very|like|my|our|been)\b)/gi, 'it is'],
  [/\b(?:Id|id)(?= (?:love|like|be|say|have|go|rather)\b)/g, 'I would'],
  [/\b(\p{L}{2,})'s(?= (?:(?:always|really|still|never|just) )?been\b)/gu, '$1 has'],
  [
    /\b(\p{L}{2,})'s(?= (?:so|really|very|mostly|too|not|such|an?|the|my|our|always|definitely|pretty|going to)\b)/gu,
    '$1 is',
  ],
  [/\b(do|does|did|is|was|were|are|have|has|had|would|could|should|ca|wo)nt\b/gi, "$1n't"],
  // "We both like tea" is told of the speaker alone.
  [/\bwe (?:both|all|each) /gi, 'we '],
  [/,?\s+I (?:believe|think|guess|suppose|mean|reckon|must say|have to say)(?=\s*[.,!]|$)/g, ''],
  [/\b(I|we|they|you) have got (?=(?:an?|the|my|our|some|this|no|two|three|\d)\b)/gi, '$1 have '],
  // "I met this lovely couple" introduces them.
  [/\bthis (?=(?:amazing|awesome|incredible|interesting|inspiring|old|adorable|epic)\b)/g, 'an '],
  [
    /\bthis (?=(?:really|super|cool|nice|lovely|beautiful|great|new|cute|crazy|yummy|huge|little|wonderful|fantastic)\b)/g,
    'a ',
  ],
  [/\bgonna\b/gi, 'going to'],
  [/\bwanna\b/gi, 'want to'],
  [/\b(?:have |has |'ve )?(?:gotta|got to)\b/gi, 'have to'],
  [/\bkinda\b/gi, 'kind of'],
  [/\bsorta\b/gi, 'sort of'],
  [/\bdunno\b/gi, "don't know"],
  [/(?<!\w)(?:'cause|cuz|coz|b\/c)\b/gi, 'because'],
  [/(?<!\w)'em\b/gi, 'them'],
  [/\bya\b/gi, 'you'],
  [/(?<![\w.'-])u(?![\w.'-])/g, 'you'],
  [/(?<![\w.'-])ur(?![\w.'-])/g, 'your'],
  [/(?<=[a-z]{2}in)'(?=\s|$)/g, 'g'],
];
const PICTURES_AT_ENDS =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{FE0F}|\u{200D}|\s)+|(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{FE0F}|\u{200D}|\s)+(?=[.!,]*$)/gu;
const PICTURES = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{FE0F}|\u{200D})+/gu;

/** "Since we last talked": when that was is known from the session, and says nothing later. */
const LAST_TALK =
  /,?\s*\bsince (?:(?:the )?last time (?:we|I) (?:talked|spoke|chatted|met)|we (?:last )?(?:talked|spoke|chatted|met|caught up)(?: last)?|(?:our|the) last (?:chat|talk|conversation))\b,?\s*/gi;

/** Contractions and chat spellings written out, emoji left out: "Im gonna" becomes "I am going to". */
export const writtenOut = (text: string): string =>
  SPELLINGS.reduce(
    (result, [pattern, full]) => result.replace(pattern, full),
    text.replace(PICTURES_AT_ENDS, ' ').replace(PICTURES, ' - '),
  )
    .replace(LAST_TALK, (match) => (match.startsWith(',') ? ', ' : ' '))
    .replace(/\s[-–—]+\s*(?:check|look at|take a look)\b.*$/i, '')
    .replace(/,?\s*(?:so |but |and )?(?:please )?(?:let me know|let's)\b.*$/i, '')
    .replace(/\s+/g, ' ')
    .trim();
