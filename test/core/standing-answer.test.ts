import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/core/rules/pace.js';
import { isChange, mayChange, type Found, type Ground } from '../../src/core/rules/standing-answer.js';

const found = (id: string, score: number, more: Partial<Found> = {}): Found => ({
  id,
  score,
  lexical: 0,
  isBegun: true,
  ...more,
});
const ground = (all: readonly Found[], ...cited: string[]): Ground => ({ found: all, cited: new Set(cited) });
const base = [found('a', 1), found('b', 0.4), found('c', 0.1)];

describe('a model is asked again', () => {
  it.each<[string, readonly Found[], boolean]>([
    ['never for the same memories in another order', [found('b', 1.2), found('c', 1), found('a', 0.9)], false],
    ['when a cited one is found no more', [found('b', 0.4), found('c', 0.1)], true],
    ['never when one that was only found is found no more', [found('a', 1)], false],
    ['never for a newcomer that is far from the question', [...base, found('d', 0.4)], false],
    ['for a newcomer that is about as near as what is cited', [...base, found('d', 0.6)], true],
  ])('%s', (_when, now, expected) => {
    expect(mayChange(ground(base, 'a'), now)).toBe(expected);
  });

  it('when one that was found has begun to hold', () => {
    const before = [found('a', 1), found('b', 0.2, { isBegun: false })];
    expect(mayChange(ground(before, 'a'), [found('a', 1), found('b', 0.2)])).toBe(true);
    expect(mayChange(ground(before, 'a'), before)).toBe(false);
  });

  it('where nothing was cited, for a newcomer with a word of the question, or nearer than all', () => {
    const none = ground(base);
    expect(mayChange(none, [...base, found('d', 0.3)])).toBe(false);
    expect(mayChange(none, [...base, found('d', 0.3, { lexical: 0.2 })])).toBe(true);
    expect(mayChange(none, [...base, found('d', 1.1)])).toBe(true);
    expect(mayChange(ground([]), [found('d', 0)])).toBe(true);
  });
});

describe('an answer is told again', () => {
  it.each<[string, readonly Found[], string[], boolean]>([
    ['when a newcomer is cited', [...base, found('d', 0.6)], ['a', 'd'], true],
    ['when what was cited is gone', base.slice(1), [], true],
    ['not when the model cites another one that it had before', [...base, found('d', 0.6)], ['b'], false],
    ['not when it cites the same', [...base, found('d', 0.6)], ['a'], false],
  ])('%s', (_when, now, cited, expected) => {
    expect(isChange(ground(base, 'a'), now, new Set(cited))).toBe(expected);
  });

  it('when what has begun to hold is cited', () => {
    const before = ground([found('a', 1), found('b', 0.2, { isBegun: false })], 'a');
    expect(isChange(before, [found('a', 1), found('b', 0.2)], new Set(['b']))).toBe(true);
    expect(isChange(before, [found('a', 1), found('b', 0.2)], new Set(['a']))).toBe(false);
  });
});

describe('the pace', () => {
  it('is so many a minute, whenever in it', () => {
    const pace = new Pace(2);
    pace.ask(0);
    expect(pace.waitMs(10_000)).toBe(0);
    pace.ask(10_000);
    expect(pace.waitMs(10_000)).toBe(50_000);
    expect(pace.waitMs(60_000)).toBe(0);
    pace.ask(60_000);
    expect(pace.waitMs(60_000)).toBe(10_000);
  });

  it('doubles its pause with each failure, up to five minutes, and forgets them with a success', () => {
    const pace = new Pace(600);
    const pauses = Array.from({ length: 9 }, () => {
      pace.fail(0);
      return pace.waitMs(0) / 1_000;
    });
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    pace.succeed();
    expect(pace.waitMs(0)).toBe(0);
    pace.fail(0);
    expect(pace.waitMs(0)).toBe(5_000);
  });

  it('takes no pause where something happened, but keeps to the minute', () => {
    const pace = new Pace(1);
    pace.ask(0);
    pace.fail(0);
    pace.hurry();
    expect(pace.waitMs(0)).toBe(60_000);
    expect(pace.waitMs(60_000)).toBe(0);
  });

  it('does not wait for a clock that has jumped back to catch up', () => {
    const pace = new Pace(1);
    pace.ask(10_000_000);
    expect(pace.waitMs(0)).toBe(0);
  });
});
