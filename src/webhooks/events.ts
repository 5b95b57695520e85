import { subscribe, type DocumentNode, type ExecutionResult } from 'graphql';
import { actFor, eachFor } from '../core/act-for.js';
import type { Caller, Deps } from '../core/deps.js';
import { schema } from '../graphql/schema.js';
import { operationContext } from '../graphql/server.js';
import { ENVELOPE, type WebhookDocument } from './document.js';

/** What one event looks like to a document. */
export interface Matched {
  cursor: bigint;
  data: Record<string, unknown>;
}

type Result = ExecutionResult<Record<string, Record<string, unknown>>>;

/** Runs a subscription as its key would over a socket, and gives its events, without what opens the feed. @throws the first error */
export const eventsOf = (
  deps: Deps,
  caller: Caller,
  { field }: WebhookDocument,
  document: DocumentNode,
  signal: AbortSignal,
): AsyncGenerator<Matched> => eachFor(caller, matchedBy(deps, caller, field, document, signal));

async function* matchedBy(
  deps: Deps,
  caller: Caller,
  field: string,
  document: DocumentNode,
  signal: AbortSignal,
): AsyncGenerator<Matched> {
  const contextValue = operationContext(deps, caller);
  const results = (await subscribe({ schema, document, contextValue })) as AsyncIterableIterator<Result> | Result;
  if (!(Symbol.asyncIterator in results)) throw failed(results);
  // A feed that waits for its next event would not see the signal.
  const leave = (): void => void actFor(caller, () => results.return?.());
  signal.addEventListener('abort', leave);
  try {
    if (signal.aborted) return;
    for await (const result of results) {
      if (result.errors) throw failed(result);
      const data = result.data?.[field];
      const cursor = data?.[ENVELOPE.cursor];
      if (data && typeof cursor === 'string') yield { cursor: BigInt(cursor), data };
    }
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

function failed({ errors }: Result): Error {
  const [error] = errors ?? [];
  return error?.originalError ?? error ?? new Error('the subscription gave nothing');
}
