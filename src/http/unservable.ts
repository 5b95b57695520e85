import type { IncomingMessage, ServerResponse } from 'node:http';
import { REQUEST_ID, requestIdOf } from './request-id.js';

/** Methods that the standard Request refuses to be made of: what reads requests would fail before any of ours is called. */
const FORBIDDEN = /^(?:TRACE|TRACK|CONNECT)$/i;

/** A name, an IPv4 address or an IPv6 address in brackets, and a port. */
const HOST = /^(?:[\w.%-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i;

/** What a URL's parser would make another path of: dot segments, also encoded, a backslash, a fragment. */
const OTHER_PATH = /^[^?]*(?:[\\#]|\/(?:\.|%2e){1,2}(?:\/|\?|$))/i;

/** Answers a request that can not be handed on; false if it can be. */
export function refuseUnservable(request: IncomingMessage, response: ServerResponse): boolean {
  if (FORBIDDEN.test(request.method ?? '')) {
    response.setHeader('allow', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS');
    refuse(request, response, 405, 'Method Not Allowed', 'METHOD_NOT_ALLOWED');
    return true;
  }
  const fault = faultOf(request);
  if (fault === undefined) return false;
  refuse(request, response, 400, fault, 'INVALID_INPUT');
  return true;
}

/**
 * Of what is before the headers' end, whatever makes that a proxy and this server read two different requests: whoever guards
 * some paths must not be passed by another spelling of them. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
function faultOf({ url = '', rawHeaders, headers }: IncomingMessage): string | undefined {
  if (OTHER_PATH.test(url)) return 'The request target is not valid.';
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  // A path in it would become one of the URL.
  if (hosts > 1 || !HOST.test(headers.host ?? '')) return 'The Host header is not valid.';
  return undefined;
}

function refuse(
  { headers }: IncomingMessage,
  response: ServerResponse,
  status: number,
  detail: string,
  code: string,
): void {
  const sent = headers[REQUEST_ID];
  const id = requestIdOf(Array.isArray(sent) ? undefined : sent);
  response.writeHead(status, { 'content-type': 'application/json', [REQUEST_ID]: id });
  response.end(JSON.stringify({ detail, code }));
}
