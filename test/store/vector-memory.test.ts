import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../scripts/assemble.js';
import { Best } from '../../src/store/best.js';
import { NearBlock } from '../../src/store/near-block.js';
import { VectorMemory } from '../../src/store/vector-memory.js';

const SEGMENT_BYTES = 2 ** 18;

describe('the program that compares vectors', () => {
  it('is what its source says', async () => {
    const code = readFileSync(new URL('../../src/store/vector-scan.wasm', import.meta.url));
    expect(Buffer.compare(code, await assemble())).toBe(0);
  });

  it.each([1, 16, 192, 193, 1_536, 4_000])(
    'gives the cosines of %i numbers, to within what 8 bits hold',
    (dimensions) => {
      const memory = new VectorMemory(SEGMENT_BYTES);
      const vectors = Array.from({ length: Math.min(40, VectorMemory.rowsOf(dimensions)) }, () =>
        randomUnit(dimensions),
      );
      const segment = memory.take() ?? 0;
      for (const [row, vector] of vectors.entries()) memory.write(segment, row, vector);
      const query = randomUnit(dimensions);
      const found = [...memory.scan(segment, vectors.length, query)];
      const left = Uint8Array.from({ length: vectors.length + 7 }, (_, i) => (i % 3 === 0 || i % 7 === 0 ? 0 : 1));
      const some = [...memory.scan(segment, vectors.length, query, left, 7)];
      for (const [row, vector] of vectors.entries()) {
        expect(found[row]).toBeCloseTo(cosine(vector, query), 1.7);
        if (left[row + 7] === 1) expect(some[row]).toBe(found[row]);
      }
    },
  );

  it.each([16, 1_536, 16_000])('holds the largest sums that %i numbers can have', (dimensions) => {
    const memory = new VectorMemory(SEGMENT_BYTES);
    const segment = memory.take() ?? 0;
    const flat = new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions));
    memory.write(segment, 0, flat);
    memory.write(
      segment,
      1,
      flat.map((value) => -value),
    );
    const [same = 0, opposite = 0] = memory.scan(segment, 2, flat);
    expect(same).toBeGreaterThan(0);
    expect(opposite).toBe(-same);
  });

  it('takes no more than it may, and nothing is left in what is given back', () => {
    const memory = new VectorMemory(2 * SEGMENT_BYTES);
    const [first = 0, second] = [memory.take(), memory.take()];
    expect([second === undefined, memory.take()]).toEqual([false, undefined]);
    memory.write(first, 0, randomUnit(64));
    memory.give(first);
    expect(memory.take()).toBe(first);
    expect([...memory.scan(first, 4, randomUnit(64))]).toEqual([0, 0, 0, 0]);
    expect(new VectorMemory(0).take()).toBeUndefined();
  });
});

describe('the best of many', () => {
  it('are those that sorting would give, of equals the first', () => {
    const scores = fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 60 });
    fc.assert(
      fc.property(scores, fc.nat(20), (offered, most) => {
        const best = new Best(most);
        offered.forEach((score, place) => best.offer(score, place));
        const places = offered.map((_, place) => place);
        const expected = places.sort((a, b) => (offered[b] ?? 0) - (offered[a] ?? 0) || a - b).slice(0, most);
        expect(best.places()).toEqual(expected);
      }),
    );
  });
});

describe('a block of vectors', () => {
  const ids = Array.from({ length: 3_000 }, (_, i) => Buffer.from(i.toString(16).padStart(32, '0'), 'hex'));
  const filled = (vectors: readonly Float32Array[], bytes = 4 * SEGMENT_BYTES): NearBlock => {
    const block = new NearBlock(new VectorMemory(bytes), 64);
    for (const [i, vector] of vectors.entries()) block.add(ids[i] ?? Buffer.alloc(16), vector);
    return block;
  };

  it('gives the cosine of each, of whatever length it is, to within what 8 bits hold', async () => {
    const vectors = ids.map((_, i) => randomUnit(64).map((value) => value * (1 + (i % 5))));
    const block = filled(vectors);
    for (let round = 0; round < 20; round++) {
      const query = randomUnit(64).map((value) => value * (round + 1));
      const found = await block.compare(query, vectors.length);
      expect(found).toHaveLength(vectors.length);
      for (const [i, vector] of vectors.entries())
        expect(Math.abs((found?.[i] ?? 9) - cosine(vector, query) / Math.hypot(...vector) / (round + 1))).toBeLessThan(
          0.005,
        );
    }
  });

  it('gives no more than there are, each by its id', async () => {
    const vectors = [...ids.slice(0, 5).map(() => randomUnit(64)), new Float32Array(64)];
    const block = filled(vectors);
    expect((await block.compare(randomUnit(64), 6))?.[5]).toBe(0);
    expect(await block.compare(new Float32Array(64), 6)).toEqual(new Float32Array(6));
    expect(vectors.map((_, place) => block.idAt(place))).toEqual(ids.slice(0, 6).map((id) => id.toString('hex')));
    expect(await filled([]).compare(randomUnit(64), 0)).toHaveLength(0);
  });

  it('takes what there is room for, and gives nothing once it was given up', async () => {
    const block = filled([], SEGMENT_BYTES);
    const room = VectorMemory.rowsOf(64);
    for (let i = 0; i < room; i++) expect(block.add(ids[i % 3_000] ?? Buffer.alloc(16), randomUnit(64))).toBe(true);
    expect(block.add(ids[0] ?? Buffer.alloc(16), randomUnit(64))).toBe(false);
    block.free();
    expect(await block.compare(randomUnit(64), 3)).toBeUndefined();
    expect(block.add(ids[0] ?? Buffer.alloc(16), randomUnit(64))).toBe(false);
  });
});

/** The same in every run: the shape matters, not the numbers. */
let state = 1;
function random(): number {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647 - 0.5;
}

function randomUnit(dimensions: number): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, random);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
