/** Why feeds are aborted. Made once: else each would make an error with a stack of its own, a thousand at once when a client goes. */
export const OVER = new DOMException('The feed is over.', 'AbortError');

/**
 * A generator whose `return()` takes effect at once. A plain async generator queues it behind the pending `next()`, so
 * that every client that leaves while nothing happens would stay, with its timers, until something does.
 */
export function stoppable<Item>(start: (signal: AbortSignal) => AsyncGenerator<Item>): AsyncIterableIterator<Item> {
  const stop = new AbortController();
  const inner = start(stop.signal);
  return {
    next: () => inner.next(),
    return: () => {
      stop.abort(OVER);
      return inner.return(undefined);
    },
    throw: (error: unknown) => {
      stop.abort(OVER);
      return inner.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
