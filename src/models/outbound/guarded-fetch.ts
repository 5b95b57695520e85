import { Agent, fetch as undiciFetch } from 'undici';
import type { ByoConfig } from '../../config.js';
import type { Fetch } from '../calls/fetch.js';
import { isAllowedUrl } from './base-url.js';
import { BlockedError, createConnector, type Resolve } from './connector.js';

/** A reply of a model is some kilobytes. */
const MOST_REPLY_BYTES = 10 * 1_048_576;
const CONNECT_TIMEOUT_MS = 10_000;
const MOST_CONNECTIONS_PER_HOST = 16;

/** What a call needs. The SDKs add more, of the machine and of the operator's environment, which is no caller's server's business. */
const HEADERS = ['accept', 'content-type', 'authorization', 'api-key', 'x-api-key', 'anthropic-version'];

class ReplyTooLongError extends Error {
  override readonly name = 'ReplyTooLongError';
  constructor() {
    super('The reply is longer than any model writes.');
  }
}

function headersOf(init: RequestInit, names: readonly string[]): [string, string][] {
  const sent = new Headers(init.headers);
  const kept = names.flatMap((name): [string, string][] => {
    const value = sent.get(name);
    return value === null ? [] : [[name, value]];
  });
  return [['user-agent', 'palimpsest'], ...kept];
}

/** Breaks off past the limit. Counts what comes out of decompression: a small body can swell without end. */
function limited(limit: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > limit) controller.error(new ReplyTooLongError());
      else controller.enqueue(chunk);
    },
  });
}

interface Options extends ByoConfig {
  resolve?: Resolve | undefined;
  mostReplyBytes?: number;
  /** Names of the headers that are sent, in lower case; default: those of a model's API. */
  headers?: readonly string[];
}

/**
 * A fetch for URLs that callers choose: nothing but the open internet over https, and the hosts that the operator named; no
 * redirects, no proxy, no cookies, no reply without end. How long it may take is for the caller's signal to say.
 */
export function createGuardedFetch({
  hosts,
  timeoutMs,
  resolve,
  mostReplyBytes = MOST_REPLY_BYTES,
  headers: sent = HEADERS,
}: Options): Fetch {
  // An Agent of our own: the global one may go through a proxy, which would connect to whatever it is told.
  const dispatcher = new Agent({
    connect: createConnector({ hosts, resolve, connectTimeoutMs: Math.min(timeoutMs, CONNECT_TIMEOUT_MS) }),
    connections: MOST_CONNECTIONS_PER_HOST,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    // On the wire, for bodies that decompress to nothing; what comes out is counted below.
    maxResponseSize: 2 * mostReplyBytes,
  });

  return async function guardedFetch(input, init = {}) {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!isAllowedUrl(url, hosts)) throw new BlockedError();
    const response = await undiciFetch(url, {
      method: init.method ?? 'GET',
      headers: headersOf(init, sent),
      body: typeof init.body === 'string' ? init.body : null,
      signal: init.signal ?? null,
      redirect: 'error',
      dispatcher,
    });
    const { status, body } = response;
    const headers = [...response.headers].filter(([name]) => name !== 'set-cookie');
    return new Response(body ? (body as ReadableStream<Uint8Array>).pipeThrough(limited(mostReplyBytes)) : null, {
      status,
      headers,
    });
  };
}
