import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Postings } from '../../src/store/postings.js';

const VOCABULARY = ['a', 'b', 'c', 'd', 'e', 'f'];
const memories = fc.array(fc.subarray(VOCABULARY), { maxLength: 40 });
const asked = fc.subarray([...VOCABULARY, 'unknown']);

describe('an inverted index', () => {
  it('tells of each memory what looking at it would tell, and counts them', () => {
    fc.assert(
      fc.property(memories, asked, fc.nat(40), (texts, terms, most) => {
        const postings = new Postings();
        for (const text of texts) postings.add(text);
        const bitsOf = (text: string[]): number =>
          terms.reduce((bits, term, i) => bits | (text.includes(term) ? 1 << i : 0), 0);
        const total = Math.min(most, texts.length);
        expect([...postings.matched(terms, total)]).toEqual(texts.slice(0, total).map(bitsOf));
        expect(texts.map((_, place) => postings.lengthAt(place))).toEqual(texts.map(({ length }) => length));
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
    const matched = postings.matched(['common', 'word99999', 'word7'], 100_000);
    expect([matched[7], matched[8], matched[99_999]]).toEqual([5, 1, 3]);
    expect(postings.holding('common')).toBe(100_000);
  });
});
