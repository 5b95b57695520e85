import { describe, expect, it } from 'vitest';
import { dateLexemes, rarity, relevanceOf, weightsOf, type Comparable } from '../../src/core/rules/relevance.js';

/** "Which bees does Ines keep?": bees are rare, Ines is not. */
const asked = { terms: ['bee', 'ine'], weights: [3, 1] };
const BEE = 1;
const INES = 2;
const candidate = (part: Partial<Comparable>): Comparable => ({
  id: 'it',
  similarity: 0,
  matched: 0,
  length: 0,
  validFrom: new Date('2026-05-03T10:00:00Z'),
  importance: 5,
  previousId: null,
  nextId: null,
  ...part,
});
const scoreOf = (part: Partial<Comparable>, others: readonly Comparable[] = [], question = asked) =>
  relevanceOf(question, [candidate(part), ...others])[0]?.score;

describe('relevance', () => {
  it.each<[what: string, candidate: Partial<Comparable>, score: number]>([
    ['nothing in common', {}, 0],
    ['every word, no length', { matched: BEE | INES }, 1],
    ['a share of the words, by rarity', { matched: BEE }, 0.75],
    ['a common word alone', { matched: INES }, 0.25],
    ['a text of 80 words counts half', { matched: BEE | INES, length: 80 }, 0.5],
    ['a text of 240 words counts a quarter', { matched: BEE | INES, length: 240 }, 0.25],
    ['cosine', { similarity: 0.5 }, 0.3],
    ['words and cosine, whose share length leaves alone', { matched: BEE | INES, length: 80, similarity: 0.5 }, 0.8],
    ['neighbours that were not read', { previousId: 'gone', nextId: 'gone too' }, 0],
  ])('%s', (_what, part, score) => {
    expect(scoreOf(part)).toBeCloseTo(score, 10);
  });

  it('adds a share of what its neighbours score by themselves, not of what those have from theirs', () => {
    const before = candidate({ id: 'before', matched: BEE | INES, previousId: 'first' });
    const after = candidate({ id: 'after', similarity: 1 });
    const first = candidate({ id: 'first', matched: BEE | INES, nextId: 'before' });
    expect(scoreOf({ previousId: 'before', nextId: 'after' }, [before, after, first])).toBeCloseTo(
      0.25 + 0.2 * 0.6,
      10,
    );
  });

  it('finds by the date since when it is true', () => {
    const dated = { terms: ['may', '2026'], weights: [2, 2] };
    expect(scoreOf({}, [], dated)).toBeCloseTo(1, 10);
    expect(scoreOf({ validFrom: new Date('2025-05-03T00:00:00Z') }, [], dated)).toBeCloseTo(0.5, 10);
  });

  it('says of what the score is the sum', () => {
    const [one] = relevanceOf(asked, [candidate({ matched: BEE, similarity: 0.5 })]);
    expect(one).toMatchObject({ lexical: 0.75, vector: 0.3, neighbour: 0 });
    expect(one?.score).toBeCloseTo(1.05, 10);
  });

  it('weighs recency and importance where asked to, and nothing else changes', () => {
    const now = new Date('2026-06-02T10:00:00Z');
    const one = candidate({ matched: BEE, similarity: 0.5, importance: 8 });
    const plain = relevanceOf(asked, [one])[0];
    expect(relevanceOf(asked, [one], { recency: 0, importance: 0, now })[0]).toEqual(plain);
    const weighed = relevanceOf(asked, [one], { recency: 0.4, importance: 0.1, now })[0];
    expect(weighed).toMatchObject({ lexical: 0.75, vector: 0.3, neighbour: 0 });
    expect(weighed?.recency).toBeCloseTo(0.2, 10); // thirty days
    expect(weighed?.importance).toBeCloseTo(0.08, 10);
    expect(weighed?.score).toBeCloseTo(1.05 + 0.28, 10);
  });

  it('leaves every score as it is when others are left out', () => {
    const all = [candidate({ matched: BEE }), candidate({ id: 'other', similarity: 0.9, matched: INES })];
    expect(relevanceOf(asked, all)[0]).toEqual(relevanceOf(asked, all.slice(0, 1))[0]);
  });

  it('scores nothing for a question without words', () => {
    expect(scoreOf({ matched: 0 }, [], { terms: [], weights: [] })).toBe(0);
  });
});

describe('weights of terms', () => {
  it('are higher for rare ones, and never below 0', () => {
    const [rare = 0, common = 0, everywhere = 0] = weightsOf(['a', 'b', 'c'], 100, [1, 50, 100]);
    expect(rare).toBeGreaterThan(common);
    expect(common).toBeGreaterThan(everywhere);
    expect(everywhere).toBeGreaterThanOrEqual(0);
    expect(rarity(10, 20)).toBeGreaterThanOrEqual(0);
  });

  it('are nothing for a term that no memory holds, unless it is of a date', () => {
    expect(weightsOf(['wasp', '2026', 'may', '31'], 100, [0, 0, 0, 0]).map((weight) => weight > 0)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('read a date as full-text search reads its words', () => {
    expect(dateLexemes(new Date('2024-09-05T00:00:00Z'))).toEqual(['2024', 'septemb', 'sep', '5']);
    expect(dateLexemes(new Date('2024-05-15T00:00:00Z'))).toEqual(['2024', 'may', '15']);
  });
});
