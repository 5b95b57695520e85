import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { App } from '../../src/app.js';
import { ROUTES } from '../../src/rest/routes.js';

interface Violation {
  location: string[];
  message: string;
}

/** The app with its REST calls sent over the wire through `prism proxy`, which holds every reply against openapi.json. */
export async function throughPrism(app: App, prism: string): Promise<App> {
  const upstream = await app.listen();
  const port = await freePort();
  const proxy = spawn(
    process.execPath,
    [prism, 'proxy', 'openapi.json', upstream, '--port', String(port), '--cors', 'false'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: proxy.stdout })) if (line.includes('is listening')) break;
  proxy.stdout.resume();
  return {
    ...app,
    listen: () => Promise.resolve(upstream),
    fetch: async (request) =>
      isDescribed(request) && (await isJson(request)) ? sendThrough(port, request) : app.fetch(request),
    close: async () => {
      const gone = once(proxy, 'exit');
      proxy.kill();
      await gone;
      await app.close();
    },
  };
}

const TEMPLATES = ROUTES.map(({ method, path }) => ({
  method,
  path: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
}));
const isDescribed = ({ method, url }: Request): boolean =>
  TEMPLATES.some((route) => route.method === method && route.path.test(new URL(url).pathname));

/** What is no JSON object or list the proxy itself would refuse: the server's own answer to it would not be seen. */
async function isJson(request: Request): Promise<boolean> {
  if (!request.body) return true;
  if (!(request.headers.get('content-type') ?? '').startsWith('application/json')) return false;
  try {
    const value: unknown = JSON.parse(await request.clone().text());
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/** Bad input is what many tests are about: only what the reply does against the document counts. */
async function sendThrough(port: number, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = request.body ? await request.arrayBuffer() : undefined;
  const response = await fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
    method: request.method,
    headers: request.headers,
    ...(body && { body }),
  });
  const violations = JSON.parse(response.headers.get('sl-violations') ?? '[]') as Violation[];
  const ofReply = violations.filter(({ location }) => location[0] === 'response');
  if (ofReply.length > 0) {
    throw new Error(
      `${request.method} ${pathname} ${response.status} is against openapi.json: ${JSON.stringify(ofReply)}`,
    );
  }
  return response;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
