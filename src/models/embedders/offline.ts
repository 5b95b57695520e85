import { Slice } from '../../slice.js';
import type { Embedder } from '../embedder.js';
import { LONGEST_WORD, readWordTable, rowsOf, type WordTable } from './word-table.js';

/** Beyond this many words a text's direction hardly changes, and a huge text must not stall the server. */
const MOST_WORDS = 2000;
const TABLE = new URL('offline.bin', import.meta.url);
/** A word in pieces keeps a direction of its own letters too: "Brikcline" stays near "Brickline", whose pieces are others. */
const LETTERS_WEIGHT = 0.5;

/** Read at the first text: a server with another embedder never reads it. */
let loaded: WordTable | undefined;
const table = (): WordTable => (loaded ??= readWordTable(TABLE));

/** Marks above and below letters are dropped, as the table's own words have none. */
const wordsOf = (text: string): string[] =>
  text
    .slice(0, MOST_WORDS * 12)
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .match(/[\p{L}\p{N}]+/gu)
    ?.slice(0, MOST_WORDS) ?? [];

const addRow = (vector: Float32Array, { bytes, scales, dimensions }: WordTable, row: number, weight: number): void => {
  const scale = weight * (scales[row] ?? 0);
  const start = row * dimensions;
  for (let at = 0; at < dimensions; at += 1) vector[at] = (vector[at] ?? 0) + scale * (bytes[start + at] ?? 0);
};

/** FNV-1a with a final mix. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** A fixed direction, as good as random, for each pair of letters: words that the table does not know meet in those they share. */
const addLetters = (vector: Float32Array, word: string, weight: number): void => {
  const letters = [...word.slice(0, LONGEST_WORD)];
  const pairs = letters.length > 1 ? letters.slice(1).map((letter, at) => `${letters[at] ?? ''}${letter}`) : letters;
  const size = weight / Math.sqrt(pairs.length * vector.length);
  for (const pair of pairs) {
    let state = hashOf(pair) | 1;
    for (let at = 0; at < vector.length; at += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      vector[at] = (vector[at] ?? 0) + (state < 0 ? size : -size);
    }
  }
};

const normalise = (vector: Float32Array): Float32Array => {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return vector;
  const length = Math.sqrt(sum);
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) / length;
  return vector;
};

const embedOne = (text: string): Float32Array => {
  const words = new Map<string, number>();
  for (const word of wordsOf(text)) words.set(word, (words.get(word) ?? 0) + 1);
  const known = table();
  const vector = new Float32Array(known.dimensions);
  for (const [word, count] of words) {
    const rows = rowsOf(known, word);
    // Square roots: the third mention of a word tells less than the first, and a name in four pieces is still one name.
    const weight = Math.sqrt(count);
    for (const row of rows) addRow(vector, known, row, weight / Math.sqrt(rows.length));
    if (rows.length !== 1) addLetters(vector, word, rows.length === 0 ? weight : weight * LETTERS_WEIGHT);
  }
  return normalise(vector);
};

/** Sums of word vectors learned from a sentence encoder (scripts/embedder): no network, the same vector on every machine. */
export const createOfflineEmbedder = (): Embedder => ({
  id: 'offline-minilm-words-192-v1',
  dimensions: 192,
  embed: async (texts) => {
    const slice = new Slice();
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      vectors.push(embedOne(text));
      const pause = slice.rest();
      if (pause) await pause;
    }
    return vectors;
  },
});
