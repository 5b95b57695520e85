import type { ExecutionResult } from 'graphql';
import { fewEachTurn } from './few-each-turn.js';
import { isShared, type SharedResult } from './shared-results.js';

/**
 * Results that go past the protocol's library where their JSON is there already: it would write the JSON again for each
 * subscriber. What `takeReady` gives is not waited for, as to wait costs more than all else of a delivery; what `send` gives
 * back is: it resolves once the socket takes more, so that a client that does not read is not read for either.
 */
export function sendingShared(
  results: AsyncIterator<ExecutionResult>,
  takeReady: () => SharedResult | undefined,
  send: (payload: string) => Promise<void> | undefined,
): AsyncIterableIterator<ExecutionResult> {
  return {
    next: async () => {
      for (;;) {
        const item = await results.next();
        if (item.done === true || !isShared(item.value)) return item;
        for (let result: SharedResult | undefined = item.value; result; result = takeReady()) {
          const full = send(result.stringify());
          if (full) await full;
        }
      }
    },
    return: () => fewEachTurn(async () => (await results.return?.()) ?? { value: undefined, done: true }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
