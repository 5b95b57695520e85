// A balancer of TCP connections as there are many: it asks each node whether it is ready, and hands new connections to those that are.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const ASK_MS = 50;

export interface Balancer {
  url: string;
  close(): void;
}

/** Connections that exist stay where they are, whatever becomes of their node. */
export async function startBalancer(nodes: readonly string[]): Promise<Balancer> {
  const ready = new Set<string>();
  const stop = new AbortController();
  const watch = async (url: string): Promise<void> => {
    while (!stop.signal.aborted) {
      const isReady = await fetch(`${url}/ready`, { headers: { connection: 'close' } }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) ready.add(url);
      else ready.delete(url);
      await pause(ASK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  nodes.forEach((url) => void watch(url));

  let turn = 0;
  /** A node that can not be reached was sent nothing: the next one is tried. */
  const join = async (near: Socket): Promise<void> => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const there = [...ready];
      const url = there[turn++ % Math.max(1, there.length)];
      const far = url === undefined ? undefined : await reach(new URL(url));
      if (!far) {
        await pause(ASK_MS);
        continue;
      }
      far.on('error', () => near.destroy()).on('close', () => near.destroy());
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
      near.pipe(far).pipe(near);
      return;
    }
    near.destroy();
  };
  const server = createServer({ pauseOnConnect: false }, (near) => {
    near.on('error', () => undefined);
    void join(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  while (ready.size < nodes.length) await pause(ASK_MS);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      stop.abort();
      server.close();
    },
  };
}

const reach = ({ hostname, port }: URL): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
