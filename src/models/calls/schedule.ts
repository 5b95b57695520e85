import pLimit from 'p-limit';
import type { Schedule } from './ask.js';

/** At most `limit` at a time, first come first served. */
export const atMost = (limit: number): Schedule => {
  const run = pLimit(limit);
  return (work) => run(work);
};

/** At most `perOwner` at a time for each owner and `inAll` together, so that no owner takes every place. */
export function fairly(perOwner: number, inAll: number): (owner: string) => Schedule {
  const all = atMost(inAll);
  const owners = new Map<string, { schedule: Schedule; calls: number }>();
  return (owner) => async (work) => {
    const own = owners.get(owner) ?? { schedule: atMost(perOwner), calls: 0 };
    owners.set(owner, own);
    own.calls += 1;
    try {
      return await own.schedule(() => all(work));
    } finally {
      own.calls -= 1;
      // Owners come and go; a map that only grows would be a leak.
      if (own.calls === 0) owners.delete(owner);
    }
  };
}
