import { setImmediate } from 'node:timers/promises';

/** As many as calls to a model may be under way by default: fewer would make those wait. */
const AT_ONCE = 8;

/**
 * `work` over all items, a few at a time; results in order. A conversation may hold a thousand facts: all at once, their
 * statements would stand before everybody else's, and their comparisons would hold up the process for seconds.
 * The first failure stops the rest.
 */
export async function fewAtOnce<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (hasFailed) return;
      results[index] = await work(item, index);
      await setImmediate();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  } catch (error) {
    hasFailed = true;
    throw error;
  }
  return results;
}
