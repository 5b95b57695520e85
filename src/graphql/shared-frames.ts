import type { ExecutionResult } from 'graphql';
import type { SharedResult } from './subscribe.js';

type Results = AsyncIterator<ExecutionResult>;

/**
 * Results that go past the protocol's library where their JSON is there already: it would write the JSON again for each
 * subscriber. `send` resolves once the socket takes more, so that a client that does not read is not read for either.
 */
export function sendingShared(
  results: Results,
  send: (payload: string) => Promise<void>,
): AsyncIterableIterator<ExecutionResult> {
  return {
    next: async () => {
      for (;;) {
        const item = await results.next();
        if (item.done === true || !isShared(item.value)) return item;
        await send(item.value.stringify());
      }
    },
    return: () => results.return?.() ?? Promise.resolve({ value: undefined, done: true }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const isShared = (result: ExecutionResult): result is SharedResult => 'stringify' in result;
