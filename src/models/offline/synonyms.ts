import { stem } from './words.js';

/** Words with which questions and facts name the same relation. */
const GROUPS: readonly string[] = [
  'live reside base home move relocate location hometown',
  'work job employ employer company join engineer profession career occupation',
  'like love enjoy prefer favorite fan preference hobby',
  'dislike hate avoid',
  'have own possess drive buy',
  'wife husband spouse partner marry',
  'child son daughter baby',
  'sibling brother sister',
  'parent mother father',
  'pet dog cat puppy kitten rabbit hamster parrot',
  'study school university college major degree graduate education',
  'eat food diet vegetarian vegan meal cuisine',
  'allergy allergic',
  'birthday birth born',
  'hobby play enjoy paint hike run swim read practice',
  'car vehicle drive tesla',
  'call name nickname',
  'phone number mobile',
  'email mail address',
  'speak language fluent',
  'use tool editor software',
  'start begin join',
  'stop quit cancel end',
  'go visit travel trip vacation fly',
  'earn salary income',
  'pay cost price',
  'subscribe plan tier subscription',
  'recommend suggest recommendation',
  'exercise workout gym run yoga swim crossfit jog cycle lift pilates training',
  'drink coffee tea',
  'learn study lesson course',
  'instrument guitar piano violin drum',
  'sport tennis football soccer basketball climb',
  'status state progress',
];

/** Classes with members that are no peers of the class in a question: the first word names the class. */
const CLASSES: readonly string[] = [
  'instrument viola flute cello trumpet saxophone clarinet harp banjo ukulele bass keyboard accordion trombone oboe harmonica',
  'sport volleyball handball hockey golf rugby badminton squash cricket baseball judo karate rowing fencing',
  'pet turtle tortoise fish guinea ferret budgie canary gecko snake',
  'seafood shrimp prawn crab lobster shellfish oyster mussel clam scallop fish',
  'nut peanut almond walnut cashew hazelnut pistachio pecan',
  'meat beef pork chicken lamb turkey bacon steak',
  'dairy milk cheese yogurt butter cream',
  'alcohol wine beer whiskey gin vodka cocktail',
  'gluten wheat barley rye',
  'medication pill tablet inhaler insulin antibiotic statin',
  'language english french spanish german italian portuguese dutch polish mandarin japanese korean arabic hindi',
  'wine riesling merlot chardonnay malbec pinot',
];

const index = new Map<string, Set<string>>();
/** Only groups that begin with the word for all the others; the rest are peers. */
const genera = new Map<string, Set<string>>();
for (const group of GROUPS) {
  const stems = group.split(' ').map(stem);
  if (/^(?:child|sibling|parent|pet|car|exercise|instrument|sport) /.test(group))
    genera.set(stems[0] ?? '', new Set(stems.slice(1)));
  for (const word of stems) index.set(word, new Set([...(index.get(word) ?? []), ...stems]));
}

for (const group of CLASSES) {
  const [genus = '', ...species] = group.split(' ').map(stem);
  genera.set(genus, new Set([...(genera.get(genus) ?? []), ...species]));
}

/** Whether a text with these stems speaks of what the word speaks of: exactly (1), by relation (0.7), or not (0). */
export const kinship = (word: string, stems: ReadonlySet<string>): number => {
  if (stems.has(word)) return 1;
  const relatives = index.get(word);
  return relatives && [...relatives].some((relative) => stems.has(relative)) ? 0.7 : 0;
};

/** Whether the word names the class of something among the stems: a cat is a pet, but no dog. */
export const isGenusOf = (word: string, stems: ReadonlySet<string>): boolean =>
  [...(genera.get(word) ?? [])].some((species) => stems.has(species));
