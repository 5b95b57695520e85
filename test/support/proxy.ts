import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  /** The server's URL by way of the proxy. */
  url: string;
  /** Breaks every connection, as a network would; new ones pass. */
  cut(): void;
  close(): Promise<void>;
}

/** A network between a server and its clients that can be cut. */
export async function startProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const pairs = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(Number(target.port), target.hostname);
    for (const [from, to] of [[inner, outer] as const, [outer, inner] as const]) {
      pairs.add(from);
      from.on('error', () => undefined);
      from.once('close', () => {
        pairs.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => pairs.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
