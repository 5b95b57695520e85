import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CloseCode, handleProtocols, makeServer, type ServerOptions } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { SocketExtra } from './graphql/socket.js';
import { SocketConnection } from './socket-connection.js';

/** Clients take it as "come back", unlike most codes under 2000 and the protocol's own of 44xx. */
const SERVICE_RESTART = 1012;
const NORMAL = 1000;
/** Messages that only a server sends. */
const SERVERS_OWN = /^\s*\{[^{}]*"type"\s*:\s*"(next|error|connection_ack)"/;
const WATCH_MS = 250;

export interface SocketSettings {
  maxPayload: number;
  /** Between two signs of life that a client is asked for; it is gone when it missed one. */
  heartbeatMs: number;
  report: (error: unknown) => void;
}

/** The WebSockets of one server, speaking graphql-transport-ws. */
export function createSockets(
  options: ServerOptions<Record<string, unknown>, SocketExtra>,
  { maxPayload, heartbeatMs, report }: SocketSettings,
) {
  const protocol = makeServer(options);
  const server = new WebSocketServer({
    noServer: true,
    maxPayload,
    handleProtocols,
    clientTracking: false,
    autoPong: false,
  });
  const connections = new Set<SocketConnection>();
  // Once what has come is read: after a stall of the process the timer is due before the answers that came meanwhile.
  const beat = (): unknown => setImmediate(() => connections.forEach((connection) => connection.beat()));
  const heartbeat = setInterval(beat, heartbeatMs).unref();
  const watch = setInterval(() => connections.forEach((connection) => connection.goOn()), WATCH_MS).unref();

  const accept = (connection: SocketConnection, { authorization }: IncomingHttpHeaders): void => {
    const { ws } = connection;
    connections.add(connection);
    const closed = protocol.opened(
      {
        protocol: ws.protocol,
        send: (data) => connection.send(data),
        close: (code = NORMAL, reason = '') => connection.close(code, reason),
        onMessage: (take) =>
          connection.onMessage((message) =>
            take(message).catch((error: unknown) => refuse(connection, message, error)),
          ),
      },
      // Of the request no more than is read: the whole of it would stay for as long as the socket.
      Object.assign(connection, { request: { headers: { authorization } } }),
    );
    ws.once('close', (code, reason) => {
      connections.delete(connection);
      void closed(code, reason.toString()).catch(report);
    });
  };

  const refuse = (connection: SocketConnection, message: string, error: unknown): void => {
    if (SERVERS_OWN.test(message)) {
      connection.close(CloseCode.BadRequest, 'Unexpected message received');
      return;
    }
    report(error);
    connection.close(CloseCode.InternalServerError, 'Internal server error');
  };

  return {
    upgrade: (request: IncomingMessage, socket: Socket, head: Buffer): void =>
      server.handleUpgrade(request, socket, head, (ws) => accept(new SocketConnection(ws, socket), request.headers)),
    get count(): number {
      return connections.size;
    },
    /**
     * Closes every socket so that its client comes back, elsewhere: at once where there are feeds alone, else once its queries and
     * mutations are answered, which may take `graceMs`.
     */
    close: async (graceMs: number): Promise<void> => {
      const deadline = performance.now() + graceMs;
      const left = new Set(connections);
      while (connections.size > 0) {
        const isLate = performance.now() >= deadline;
        for (const connection of left) {
          if (connection.running.size > 0 && !isLate) continue;
          left.delete(connection);
          connection.close(SERVICE_RESTART, 'Service restart');
        }
        await pause(10);
      }
      clearInterval(heartbeat);
      clearInterval(watch);
    },
  };
}
