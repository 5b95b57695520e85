import { describe, expect, it } from 'vitest';
import { createOfflineEmbedder } from '../../../src/models/embedders/offline.js';

const embedder = createOfflineEmbedder();
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const likeness = async (one: string, other: string): Promise<number> => {
  const [a, b] = await embedder.embed([one, other]);
  return a && b ? dot(a, b) : Number.NaN;
};

describe('offline embedder', () => {
  it('names its vector space', () => {
    expect(embedder).toMatchObject({ id: 'offline-hash-256-v1', dimensions: 256 });
  });

  it.each(['Ines keeps bees', 'x', '🎉', '東京に住んでいます', 'the and of', 'bees '.repeat(30_000)])(
    'gives %.30j a unit vector or none',
    async (text) => {
      const [vector] = await embedder.embed([text]);
      expect(vector).toHaveLength(256);
      const length = Math.sqrt(vector ? dot(vector, vector) : Number.NaN);
      expect(Math.min(Math.abs(length - 1), length)).toBeLessThan(1e-5);
    },
  );

  it('gives no direction to no text', async () => {
    const [vector] = await embedder.embed(['']);
    expect(vector?.every((value) => value === 0)).toBe(true);
  });

  it('gives the same text the same vector, alone or among others', async () => {
    const [alone] = await createOfflineEmbedder().embed(['Ines keeps bees']);
    const [, among] = await embedder.embed(['Otto sails', 'Ines keeps bees']);
    expect(among).toEqual(alone);
    expect(await embedder.embed([])).toEqual([]);
  });

  it('puts word forms and shared subjects nearer than strangers', async () => {
    expect(await likeness('Ines lives in Ghent', 'Ines living in Ghent')).toBeGreaterThan(0.9);
    expect(await likeness('Where does Ines work?', 'Ines works at Brickline')).toBeGreaterThan(
      await likeness('Where does Ines work?', 'Otto sails on Sundays'),
    );
    expect(await likeness('photographer', 'photography')).toBeGreaterThan(await likeness('photographer', 'marmalade'));
  });

  it('embeds more than 5,000 texts a second', async () => {
    const facts = Array.from(
      { length: 5_000 },
      (_, at) => `Person ${String(at)} likes walking the dog in the park on day ${String(at % 7)}`,
    );
    const started = performance.now();
    await embedder.embed(facts);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
