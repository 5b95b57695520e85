import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createOfflineEmbedder } from '../../../src/models/embedders/offline.js';
import { readWordTable, rowsOf } from '../../../src/models/embedders/word-table.js';

const embedder = createOfflineEmbedder();
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const likeness = async (one: string, other: string): Promise<number> => {
  const [a, b] = await embedder.embed([one, other]);
  return a && b ? dot(a, b) : Number.NaN;
};

describe('offline embedder', () => {
  it('names its vector space', () => {
    expect(embedder).toMatchObject({ id: 'offline-minilm-words-192-v1', dimensions: 192 });
  });

  it.each([
    'Ines keeps bees',
    'x',
    'Zsqwlrth',
    '東京に住んでいます',
    'ж',
    'the and of',
    '2024-03-15 4711',
    'bees '.repeat(30_000),
    'q'.repeat(100_000),
  ])('gives %.30j a unit vector', async (text) => {
    const [vector] = await embedder.embed([text]);
    expect(vector).toHaveLength(192);
    expect(vector ? dot(vector, vector) : Number.NaN).toBeCloseTo(1, 5);
  });

  it.each(['', ' \n', '🎉', '?!'])('gives %j, which holds no word, no direction', async (text) => {
    const [vector] = await embedder.embed([text]);
    expect(vector?.every((value) => value === 0)).toBe(true);
  });

  it('gives the same text the same vector, alone or among others', async () => {
    const [alone] = await createOfflineEmbedder().embed(['Ines keeps bees']);
    const [, among] = await embedder.embed(['Otto sails', 'Ines keeps bees']);
    expect(among).toEqual(alone);
    expect(await embedder.embed([])).toEqual([]);
  });

  it.each([
    ['Ines lives in Ghent', 'Ines is living in Ghent', 0.85],
    ['Her salary went up', 'She is paid more now', 0.5],
    ['Otto is a physician', 'Otto works as a doctor', 0.5],
    ['She bought a puppy', 'They got a new dog', 0.35],
    ['The meeting was postponed', 'They delayed the conference', 0.35],
    ['We moved to a bigger flat', 'The family has a larger apartment now', 0.35],
    ['My car broke down', 'The vehicle needs repair', 0.3],
    ['photographer', 'photography', 0.6],
  ])('finds %j and %j alike, and both unlike a stranger', async (one, other, atLeast) => {
    expect(await likeness(one, other)).toBeGreaterThan(atLeast);
    for (const text of [one, other])
      expect(await likeness(text, 'Marmalade is boiled with oranges')).toBeLessThan(atLeast - 0.15);
  });

  it('puts the answer nearer to a question than another fact of the same person', async () => {
    const asked = 'Which pet does Ines have?';
    const answer = await likeness(asked, 'Ines adopted a small dog from the shelter');
    expect(answer).toBeGreaterThan(await likeness(asked, 'Ines repaired the roof of the barn'));
    expect(answer).toBeGreaterThan(await likeness(asked, 'Otto sails on Sundays'));
  });

  it.each([
    ['Brickline', 'Brikcline', 'Dunwheel'],
    ['café', 'cafe', 'station'],
    ['東京に住んでいます', '東京に住む', 'москва'],
    ['Invoice INV-20931', 'INV-20931 was paid', 'INV-77450 was paid'],
  ])('keeps %j near %j: words in no table, typing errors, accents, numbers', async (one, near, far) => {
    expect(await likeness(one, near)).toBeGreaterThan((await likeness(one, far)) + 0.1);
  });
});

describe('word table', () => {
  const asset = new URL('../../../src/models/embedders/offline.bin', import.meta.url);
  const folder = mkdtempSync(join(tmpdir(), 'palimpsest-table-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('takes an unknown word to pieces, the longest first, and passes over letters it does not know', () => {
    const table = readWordTable(asset);
    const words = [...table.rowOf.keys()];
    const piecesOf = (word: string) => rowsOf(table, word).map((row) => words[row]);
    expect(piecesOf('dog')).toEqual(['dog']);
    expect(piecesOf('brickline')).toEqual(['brick', '##line']);
    expect(piecesOf('жdog')).toEqual(['##dog']);
    expect(piecesOf('ж')).toEqual([]);
  });

  it.each([
    ['cut short', (data: Buffer) => data.subarray(0, -1)],
    ['empty', () => Buffer.alloc(0)],
    ['something else', (data: Buffer) => Buffer.concat([Buffer.from('NOPE'), data.subarray(4)])],
  ])('refuses a file that is %s', (name, change) => {
    const file = join(folder, name.replaceAll(' ', '-'));
    writeFileSync(file, change(readFileSync(asset)));
    expect(() => readWordTable(pathToFileURL(file))).toThrow('damaged');
  });
});
