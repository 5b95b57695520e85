import type { Embedder } from '../embedder.js';
import { STOP_WORDS, stem, wordsOf } from '../offline/words.js';

const DIMENSIONS = 256;
const WEIGHT = { word: 1, stopWord: 0.1, trigram: 0.35 } as const;
/** Beyond this many words a text's direction hardly changes, and a huge text must not stall the server. */
const MOST_WORDS = 2000;

/** FNV-1a with a final mix; the seed keeps words and trigrams of the same letters apart. */
const hashOf = (text: string, seed: number): number => {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

const count = (counts: Map<string, number>, feature: string, weight: number): void => {
  counts.set(feature, (counts.get(feature) ?? 0) + weight);
};

/** Two signed slots per feature: with one, two words that collide would be the same word for ever. */
const addFeature = (vector: Float32Array, feature: string, weight: number, seed: number): void => {
  for (const salt of [seed, seed + 101]) {
    const hash = hashOf(feature, salt);
    const slot = hash % DIMENSIONS;
    vector[slot] = (vector[slot] ?? 0) + (hash >>> 31 === 1 ? weight : -weight);
  }
};

const addTrigrams = (trigrams: Map<string, number>, base: string): void => {
  const padded = `^${base}$`;
  const weight = WEIGHT.trigram / Math.sqrt(Math.max(1, padded.length - 2));
  for (let at = 0; at + 3 <= padded.length; at += 1) count(trigrams, padded.slice(at, at + 3), weight * 1.6);
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
  const trigrams = new Map<string, number>();
  for (const word of wordsOf(text.slice(0, MOST_WORDS * 12)).slice(0, MOST_WORDS)) {
    const plain = word.replace(/'s$/, '');
    const base = stem(plain);
    const isStop = STOP_WORDS.has(plain);
    count(words, base, isStop ? WEIGHT.stopWord : WEIGHT.word);
    if (!isStop) addTrigrams(trigrams, base);
  }
  const vector = new Float32Array(DIMENSIONS);
  // Square roots: the third mention of a word tells less than the first.
  for (const [word, weight] of words)
    addFeature(vector, word, Math.sqrt(weight) * (weight < 1 ? Math.sqrt(weight) : 1), 1);
  for (const [trigram, weight] of trigrams) addFeature(vector, trigram, weight, 2);
  return normalise(vector);
};

/** Feature hashing of stems and character trigrams: no model, no data, the same vector on every machine. */
export const createOfflineEmbedder = (): Embedder => ({
  id: 'offline-hash-256-v1',
  dimensions: DIMENSIONS,
  embed: (texts) => Promise.resolve(texts.map(embedOne)),
});
