import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

export const REQUEST_ID = 'x-request-id';
/** What a log line and a header can hold without harm: a caller's id of any other form is replaced. */
const USABLE = /^[\w.:/+=-]{1,128}$/;

const current = new AsyncLocalStorage<string>();

/** The id of the request that runs, for logs; undefined outside of one. */
export const currentRequestId = (): string | undefined => current.getStore();

/** The id that a caller sent, or a new one. */
export const requestIdOf = (sent: string | null | undefined): string =>
  typeof sent === 'string' && USABLE.test(sent) ? sent : randomUUID();

/** Runs `answer` under the caller's request id, or a new one, and gives the id back with the response. */
export async function withRequestId(request: Request, answer: () => Promise<Response>): Promise<Response> {
  const id = requestIdOf(request.headers.get(REQUEST_ID));
  const response = await current.run(id, answer);
  response.headers.set(REQUEST_ID, id);
  return response;
}
