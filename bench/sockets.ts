// Bare subscribers for the benches: a WebSocket each, that speaks no more of graphql-transport-ws than it must, so that
// what is measured is the server.
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Subscriber {
  socket: WebSocket;
  /** Events so far, without what opened the feed. */
  events: number;
}

/** Subscribes, and resolves once the feed is on. `onEvent` is told the frame and when it came. */
export async function subscribe(
  url: string,
  key: string,
  query: string,
  onEvent: (frame: string, at: number) => void = () => undefined,
): Promise<Subscriber> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { maxPayload: 0 });
  const subscriber: Subscriber = { socket, events: 0 };
  await once(socket, 'open');
  let opened: () => void = () => undefined;
  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  socket.on('message', (data: Buffer) => {
    const at = performance.now();
    const frame = data.toString('latin1');
    if (frame.includes('"type":"connection_ack"')) {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    } else if (frame.includes('FeedOpened')) {
      opened();
    } else if (frame.includes('"type":"next"')) {
      subscriber.events++;
      onEvent(frame, at);
    } else if (!frame.includes('"type":"p')) {
      throw new Error(`unexpected: ${frame.slice(0, 300)}`);
    }
  });
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } }));
  await isOpen;
  return subscriber;
}

/** Subscribes `count` times, a few at once. */
export async function subscribeAll(
  count: number,
  make: (n: number) => Promise<Subscriber>,
  atOnce = 50,
): Promise<Subscriber[]> {
  const subscribers: Subscriber[] = [];
  while (subscribers.length < count) {
    const size = Math.min(atOnce, count - subscribers.length);
    subscribers.push(...(await Promise.all(Array.from({ length: size }, (_, i) => make(subscribers.length + i)))));
  }
  return subscribers;
}
