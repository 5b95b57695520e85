import type { Token } from './nlp.js';

/** Words that any sentence may have: they make no statement specific. */
export const VACUOUS: ReadonlySet<string> = new Set(
  'be have do get go make take come give let seem look feel think know want need try keep use say tell see put mean like love help find thing stuff lot way bit time day today kind sort fun people everyone everything something anything someone one ones people good great nice amazing awesome wonderful cool happy glad sure new big little more much many really very so such well lovely beautiful special super pretty perfect best better important interesting incredible fantastic experience moment life world part blast break step place true right last first next long same different few other own hard easy bad fine okay ok excited grateful thankful blessed proud lucky able ready back still always never ever also too just even only again start work point deal chance joy journey support best while ton bunch couple end everything gotta wow yeah hey hi thanks thank please sorry inspiring inspiration touching cute fun tough crazy weird funny exciting relaxing refreshing rewarding challenging rough wild positive motivated appreciate enjoy reminder thought feeling stay totally definitely absolutely sense idea reason event picture pic pics photo photos plan plans news update question push effort picture advice hope situation option options eventful vibe vibes rock fan huge laugh progress skill turnout adventure happen wait ride quite busy finally recently lately yesterday tomorrow tonight'.split(
    ' ',
  ),
);
/** Whether a word makes a statement specific. */
export const isTelling = ({ pos, lower, lemma, text }: Token): boolean =>
  /^(?:NOUN|PROPN|VERB|ADJ|NUM)$/.test(pos) && !VACUOUS.has(lower) && !VACUOUS.has(lemma) && /[\p{L}\p{N}]/u.test(text);

/** How many words of a clause tell something. */
export const weightOf = (tokens: readonly Token[]): number => tokens.filter(isTelling).length;
