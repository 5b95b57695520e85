/** `work` over all items, at most `limit` at a time, results in order. The first failure stops the rest through the signal. */
export async function mapAtMost<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const stop = new AbortController();
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) {
      if (stop.signal.aborted) return;
      results[index] = await work(item, stop.signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
    return results;
  } catch (error) {
    // Calls still under way would be paid for and thrown away.
    stop.abort();
    throw error;
  }
}
