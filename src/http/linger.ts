import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a client may go on sending what nobody wants any more. */
const LINGER_MS = 2_000;

/**
 * Lets a client that was answered in the middle of its body read that answer: the rest is thrown away for a while, and only then
 * is the connection cut. Cut at once, the answer would be lost with it; never, a body without end would go on.
 */
export function lingerAfter(request: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    if (request.complete || request.destroyed) return;
    // Whoever read the body until now must not go on keeping it.
    request.removeAllListeners('data').removeAllListeners('readable').resume();
    const cut = setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(cut));
  });
}
