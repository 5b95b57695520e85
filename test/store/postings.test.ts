import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Postings, type Words } from '../../src/store/postings.js';

const VOCABULARY = ['a', 'b', 'c', 'd', 'e', 'f'];
const memories = fc.array(fc.subarray(VOCABULARY), { maxLength: 40 });
const asked = fc.record({
  terms: fc.subarray([...VOCABULARY, 'unknown']),
  weights: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 7, maxLength: 7 }),
  rare: fc.subarray([...VOCABULARY, 'unknown']),
  most: fc.integer({ min: 1, max: 50 }),
});

interface Scored {
  place: number;
  score: number;
}

/** As if each memory were looked at. */
function byLooking(texts: readonly string[][], { terms, weights, rareTerms, halfLength }: Words): Scored[] {
  const weightOf = (term: string): number => weights[terms.indexOf(term)] ?? 0;
  return texts
    .map((text, place) => {
      const held = terms.filter((term) => text.includes(term)).reduce((sum, term) => sum + weightOf(term), 0);
      const isFound = rareTerms.some((term) => terms.includes(term) && weightOf(term) > 0 && text.includes(term));
      return { place, isFound, score: held / (1 + text.length / halfLength) };
    })
    .filter(({ isFound }) => isFound)
    .sort((a, b) => b.score - a.score || b.place - a.place);
}

describe('an inverted index', () => {
  it('gives those that looking at each would give, and counts them', () => {
    fc.assert(
      fc.property(memories, asked, (texts, { terms, weights, rare, most }) => {
        const postings = new Postings();
        for (const text of texts) postings.add(text);
        const words = { terms, weights, rareTerms: rare, halfLength: 80 };
        const expected = byLooking(texts, words);
        const found = postings.best(words, most);
        expect(new Set(found).size).toBe(found.length);
        const scoreAt = new Map(expected.map(({ place, score }) => [place, score]));
        // Of equals at the end any may be left out.
        expect(found.map((place) => scoreAt.get(place))).toEqual(expected.slice(0, most).map(({ score }) => score));
        if (most >= texts.length) expect(found).toEqual(expected.map(({ place }) => place));
        expect(postings.total).toBe(texts.length);
        expect(postings.size).toBe(texts.reduce((sum, text) => sum + text.length + 1, 0));
        for (const term of VOCABULARY)
          expect(postings.holding(term)).toBe(texts.filter((text) => text.includes(term)).length);
      }),
    );
  });

  it('holds a hundred thousand, of which a term is in every one', () => {
    const postings = new Postings();
    for (let n = 0; n < 100_000; n++) postings.add(['common', `word${n}`]);
    const words = {
      terms: ['common', 'word99999', 'word7'],
      weights: [0.1, 5, 5],
      rareTerms: ['word99999', 'word7'],
      halfLength: 80,
    };
    expect(postings.best(words, 10)).toEqual([99_999, 7]);
    expect(postings.holding('common')).toBe(100_000);
  });
});
