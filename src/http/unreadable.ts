import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS, type ErrorCode } from '../errors.js';
import { REQUEST_ID, requestIdOf } from './request-id.js';

const UNREADABLE = 400;

/** What Node's parser says of requests that it can not read on: https://nodejs.org/api/http.html#event-clienterror */
const REFUSALS: Readonly<Record<string, readonly [code: ErrorCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'The extensions of a chunk are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request did not arrive in time.'],
};

/**
 * Answers what can not be read as a request as everything else is answered, and closes the connection: where the next request would
 * begin nobody knows.
 */
export function answerUnreadable(error: Error & { code?: string }, socket: Duplex): void {
  // In the middle of another answer a second one would be taken for a part of it.
  const underWay = Reflect.get(socket, '_httpMessage') as { headersSent?: boolean } | null | undefined;
  if (!socket.writable || underWay?.headersSent === true || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  socket.end(replyTo(error.code ?? ''), () => socket.destroy());
}

function replyTo(fault: string): string {
  const known = REFUSALS[fault];
  const status = known ? STATUS[known[0]] : UNREADABLE;
  const [code, detail] = known ?? ['INVALID_INPUT', 'The request can not be read.'];
  return rawReply(status, { detail, code });
}

/** A whole response for a socket that no response object stands for. */
export function rawReply(status: number, body: { detail: string; code: ErrorCode }): string {
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `${REQUEST_ID}: ${requestIdOf(undefined)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}
