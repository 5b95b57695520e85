import type { PartOfSpeech } from 'wink-nlp';

/** A word or a mark of a text with what the tagger says of it. */
export interface Token {
  text: string;
  lower: string;
  pos: PartOfSpeech;
  /** Dictionary form: "moved" has "move". */
  lemma: string;
  /** White space before it. */
  gap: string;
}

export type Tagger = (text: string) => Token[];

/** Plain functions, which the typings declare as methods. */
interface Helpers {
  precedingSpaces: () => string;
  pos: () => string;
  lemma: () => string;
}

/** After an article, and before nothing that it could describe, a verb is a noun: "I am a viking". */
const partOfSpeech = (tags: readonly string[], at: number): PartOfSpeech => {
  const isNoun = tags[at] === 'VERB' && tags[at - 1] === 'DET' && /^(?:PUNCT|ADP|CCONJ)$/.test(tags[at + 1] ?? 'PUNCT');
  return isNoun ? 'NOUN' : ((tags[at] ?? 'X') as PartOfSpeech);
};

/** "Maria lives in Lima": the tagger takes this one for the plural of "life". */
const isLives = (words: readonly string[], tags: readonly string[], at: number): boolean =>
  words[at] === 'lives' && /^(?:PROPN|NOUN)$/.test(tags[at - 1] ?? '') && /^(?:ADP|ADV)$/.test(tags[at + 1] ?? '');

const load = async (): Promise<Tagger> => {
  const [{ default: winkNlp }, { default: model }] = await Promise.all([
    import('wink-nlp'),
    import('wink-eng-lite-web-model'),
  ]);
  const nlp = winkNlp(model, ['sbd', 'pos']);
  const { precedingSpaces, pos, lemma } = nlp.its as unknown as Helpers;
  return (text) => {
    const tokens = nlp.readDoc(text).tokens();
    const [texts, gaps, tags, lemmas] = [tokens.out(), tokens.out(precedingSpaces), tokens.out(pos), tokens.out(lemma)];
    return texts.map((word, at): Token => ({
      text: word,
      lower: word.toLowerCase(),
      pos: isLives(texts, tags, at) ? 'VERB' : partOfSpeech(tags, at),
      lemma: isLives(texts, tags, at) ? 'live' : (lemmas[at] ?? word),
      gap: gaps[at] ?? '',
    }));
  };
};

let loading: Promise<Tagger> | undefined;

/** The tagger; its model is read on the first call, so that a server that never extracts does not wait for it. */
export const loadTagger = (): Promise<Tagger> => (loading ??= load());

/** The text of some tokens, spaced as it was. */
export const textOf = (tokens: readonly Token[]): string =>
  tokens.map(({ text, gap }, at) => (at === 0 ? text : gap + text)).join('');
