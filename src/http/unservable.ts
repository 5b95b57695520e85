import type { IncomingMessage, ServerResponse } from 'node:http';

/** Methods that the standard Request refuses to be made of: what reads requests would fail before any of ours is called. */
const FORBIDDEN = /^(?:TRACE|TRACK|CONNECT)$/i;

/** Answers a request that can not be handed on; false if it can be. */
export function refuseUnservable({ method = '' }: IncomingMessage, response: ServerResponse): boolean {
  if (!FORBIDDEN.test(method)) return false;
  response.writeHead(405, { 'content-type': 'application/json', allow: 'GET, HEAD, POST, PATCH, DELETE, OPTIONS' });
  response.end(JSON.stringify({ detail: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' }));
  return true;
}
