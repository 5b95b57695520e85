import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Requests that a client sends on one connection without waiting for replies are served one after the other, each in a turn of the event
 * loop of its own: Node reads hundreds of them at once, and whoever sends them would else be served before everybody else.
 */
export function oneByOne(serve: Serve): Serve {
  /** Those that wait for the one that is being served, for connections that have one. */
  const waiting = new WeakMap<Socket, (() => void)[]>();
  return (request, response) => {
    const { socket } = request;
    const queue = waiting.get(socket) ?? [];
    const begin = (): void => {
      if (socket.destroyed) return; // nobody is there to be answered
      response.once('close', () => {
        const next = queue.shift();
        if (next) setImmediate(next);
        else waiting.delete(socket);
      });
      serve(request, response);
    };
    if (waiting.has(socket)) {
      queue.push(begin);
      return;
    }
    waiting.set(socket, queue);
    begin();
  };
}
