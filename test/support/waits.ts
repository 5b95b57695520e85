import type { Wakeups } from '../../src/store/wakeups.js';

/** The waits for news that are under way: looks on, changes nothing. */
export function watchWaits(wakeups: Wakeups): { readonly count: number } {
  const underWay = new Set<Promise<void>>();
  const next = wakeups.next.bind(wakeups);
  wakeups.next = (...args) => {
    const wait = next(...args);
    underWay.add(wait);
    void wait.then(() => underWay.delete(wait));
    return wait;
  };
  return {
    get count() {
      return underWay.size;
    },
  };
}
