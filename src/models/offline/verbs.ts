const listOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

const IRREGULAR_PAST = listOf(
  'was were had did went bought got ate met taught ran wrote drove flew took began left lost sold spoke swam thought won grew knew made paid sang saw slept spent built became chose broke gave came found felt kept held said told told sent stood understood heard brought caught fell forgot hid led lent rode rose shook sat threw woke wore quit put cut set hit let cost hurt shut bet led could would should might must can may will shall used learnt dreamt burnt drank drew blew froze fought dealt hung laid meant stuck struck retook overcame outgrew',
);
const NOT_PAST = listOf('need feed speed succeed proceed exceed embed breed weed bleed');
const BASE_VERBS = listOf(
  'have do be go live work study teach like love hate prefer enjoy use own play want plan need run cook drink eat drive ride walk speak read write code travel commute manage lead build make sell buy rent share keep take attend volunteer practice practise train swim climb dance sing paint collect speak know care suffer earn pay save invest follow watch listen visit start stop wake sleep meditate exercise raise grow help design develop maintain support host organize organise identify believe smoke avoid wear fly move join leave belong come get give feel think look spend meet call consider handle coach mentor mostly run',
);
const IRREGULAR_THIRD: ReadonlyMap<string, string> = new Map([
  ['am', 'is'],
  ['are', 'is'],
  ['have', 'has'],
  ['do', 'does'],
  ['go', 'goes'],
  ['were', 'was'],
  ["don't", "doesn't"],
  ["haven't", "hasn't"],
  ["aren't", "isn't"],
  ["weren't", "wasn't"],
]);
const ADVERBS = listOf(
  'just also now currently recently usually always never often sometimes still really actually already mostly only generally normally finally even rarely typically both primarily mainly absolutely basically officially once last first',
);

/** Whether a word stands between a subject and its verb without being the verb. */
export const isAdverb = (word: string): boolean =>
  ADVERBS.has(word) || (word.endsWith('ly') && word.length > 4 && word !== 'rely' && word !== 'apply');

/** Whether a word already is a past form or a modal, which takes no third-person ending. */
export const isPast = (word: string): boolean =>
  IRREGULAR_PAST.has(word) || word.endsWith("n't") || (word.endsWith('ed') && word.length > 3 && !NOT_PAST.has(word));

/** Whether a lower-case word is known as the plain form of a verb. */
export const isBaseVerb = (word: string): boolean => BASE_VERBS.has(word);

/** "work" becomes "works"; past forms and modals stay as they are. */
export const thirdPerson = (verb: string): string => {
  const irregular = IRREGULAR_THIRD.get(verb);
  if (irregular !== undefined) return irregular;
  if (isPast(verb)) return verb;
  if (/(?:s|x|z|ch|sh|o)$/.test(verb)) return `${verb}es`;
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`;
};

const VERB_WORDS = listOf("is was has had are were does did will doesn't isn't");
const THIRD_PERSON: ReadonlySet<string> = new Set([...BASE_VERBS].map(thirdPerson));

/** Whether a lower-case word can be the verb of a third-person English statement. */
export const isThirdPersonVerb = (word: string): boolean =>
  VERB_WORDS.has(word) || isPast(word) || THIRD_PERSON.has(word);
