import { afterEach, describe, expect, it, vi } from 'vitest';
import { Rests } from '../../src/core/rests.js';

afterEach(() => void vi.useRealTimers());

describe('what was tried in vain', () => {
  it('rests for a minute, then for two, up to an hour', () => {
    vi.useFakeTimers();
    const rests = new Rests();
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(rests.isOn('it')).toBe(false);
      rests.begin('it');
      vi.advanceTimersByTime(minutes * 60_000 - 1);
      expect([rests.isOn('it'), rests.isOn('another')]).toEqual([true, false]);
      vi.advanceTimersByTime(1);
    }
  });

  it('is remembered of a thousand', () => {
    const rests = new Rests();
    for (let n = 0; n <= 1_000; n++) rests.begin(`${n}`);
    expect([rests.isOn('0'), rests.isOn('1'), rests.isOn('1000')]).toEqual([false, true, true]);
  });
});
