import type { Wakeups } from '../../src/store/wakeups.js';
import { WEBHOOKS_CHANGED } from '../../src/store/webhooks.js';

/** The waits for news of accounts that are under way: looks on, changes nothing. */
export function watchWaits(wakeups: Wakeups): { readonly count: number } {
  const underWay = new Set<Promise<void>>();
  const next = wakeups.next.bind(wakeups);
  wakeups.next = (...args) => {
    const wait = next(...args);
    // The server's own: it waits for news of webhooks as long as it lives, and begins a new wait each minute.
    if (args[0] === WEBHOOKS_CHANGED) return wait;
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
