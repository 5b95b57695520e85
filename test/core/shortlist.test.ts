import { describe, expect, it } from 'vitest';
import { shortlist } from '../../src/core/rules/shortlist.js';

/** As near as another one: words alone decide. */
const alike = (texts: readonly string[]) => texts.map((text) => ({ text, similarity: 0.9 }));
const first = (text: string, others: readonly string[]): string | undefined =>
  shortlist(text, alike(others), 5)[0]?.text;

describe('a shortlist begins with', () => {
  it.each([
    [
      'the one of the same number',
      'The limit of team 3 is 12',
      [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `The limit of team ${n} is 40`),
      'The limit of team 3 is 40',
    ],
    [
      'the one of the same long number',
      'Ticket 1796090 is open',
      ['Ticket 1796091 is done', 'Ticket 1796090 is done'],
      'Ticket 1796090 is done',
    ],
    ['the one of the same name', 'Bo lives in Oslo', ['Al lives in Oslo', 'Bo lives in Rome'], 'Bo lives in Rome'],
    ['a word in another form', 'Bo is living in Oslo', ['Bo keeps bees', 'Bo lives in Rome'], 'Bo lives in Rome'],
  ])('%s', (_what, text, others, expected) => {
    expect(first(text, others)).toBe(expected);
    expect(first(text, [...others].reverse())).toBe(expected);
  });

  it('no more than was asked for', () => {
    expect(shortlist('a', alike(['b', 'c', 'd']), 2)).toHaveLength(2);
  });
});
