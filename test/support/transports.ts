import { once } from 'node:events';
import type { GraphQLFormattedError } from 'graphql';
import { WebSocket } from 'ws';

/** The first answer to an operation. */
export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** Sends a request's parameters exactly as they are, and gives the first answer. */
export type Send = (parameters: object) => Promise<Answer>;

export const TRANSPORTS = ['HTTP', 'SSE', 'WebSocket'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** The ways to the GraphQL door of the server at `url`, with one key; the socket is one for all that is sent over it. */
export async function openTransports(
  url: string,
  key: string,
): Promise<{ send: Readonly<Record<Transport, Send>>; socket: WebSocket }> {
  const authorization = `Bearer ${key}`;
  const post = (parameters: object, accept: string): Promise<Response> =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization, accept, 'content-type': 'application/json' },
      body: JSON.stringify(parameters),
    });
  const socket = await openSocket(url, authorization);
  return {
    socket,
    send: {
      HTTP: async (parameters) => (await (await post(parameters, 'application/json')).json()) as Answer,
      SSE: async (parameters) => firstEvent(await post(parameters, 'text/event-stream')),
      WebSocket: (parameters) => overSocket(socket, parameters),
    },
  };
}

async function firstEvent(response: Response): Promise<Answer> {
  // What is refused before it is read has no events.
  if (response.headers.get('content-type')?.startsWith('application/json')) return (await response.json()) as Answer;
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const [, data] = /^data: (\{.*\})$/m.exec(text) ?? [];
    if (data !== undefined) return JSON.parse(data) as Answer;
  }
  throw new Error(`no event in ${text}`);
}

async function openSocket(url: string, authorization: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  await once(socket, 'message');
  return socket;
}

let lastId = 0;

interface Heard {
  id?: string;
  type: string;
  payload?: unknown;
}

function overSocket(socket: WebSocket, parameters: object): Promise<Answer> {
  const id = `${++lastId}`;
  return new Promise((resolve, reject) => {
    const hear = (data: Buffer): void => {
      const heard = JSON.parse(data.toString()) as Heard;
      if (heard.id !== id) return;
      socket.off('message', hear);
      socket.send(JSON.stringify({ id, type: 'complete' }));
      resolve(
        heard.type === 'error' ? { errors: heard.payload as GraphQLFormattedError[] } : (heard.payload as Answer),
      );
    };
    socket.on('message', hear);
    socket.once('close', (code: number) => reject(new Error(`the socket was closed with ${code}`)));
    // The protocol has every message carry a text.
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: '', ...parameters } }));
  });
}
