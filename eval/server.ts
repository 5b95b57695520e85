/** A Palimpsest to measure: one in this process on an embedded database in memory, or a running one. */
import pino from 'pino';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';

export interface Server {
  /** Where it is, for people. */
  name: string;
  get<Body>(path: string): Promise<Body>;
  post<Body>(path: string, body: object): Promise<Body>;
  graphql<Data>(query: string, variables: object): Promise<Data>;
  close(): Promise<void>;
}

/** `--url URL --key KEY`, or neither: then with the models that the environment names. */
export async function openServer({
  url,
  key,
}: {
  url?: string | undefined;
  key?: string | undefined;
}): Promise<Server> {
  if (url !== undefined) {
    if (key === undefined) throw new Error('--url needs --key');
    return { ...speaking((request) => fetch(request), url, key), name: url, close: () => Promise.resolve() };
  }
  const config = readConfig({ ...process.env, DATABASE_URL: '', PALIMPSEST_DATA_DIR: 'memory://', PORT: '0' });
  const app = await createApp(config, pino({ level: 'silent' }), { otherwise: 'SYSTEM' });
  const { id } = await createAccount(app.deps, { name: 'eval', plan: 'pro' });
  const { key: own } = await createApiKey(app.deps, { name: 'eval', accountId: id });
  return {
    ...speaking((request) => app.fetch(request), 'http://palimpsest', own),
    name: `in this process, ${app.deps.llm.provider}, ${app.deps.embedder.id}`,
    close: () => app.close(),
  };
}

function speaking(
  send: (request: Request) => Promise<Response>,
  url: string,
  key: string,
): Omit<Server, 'close' | 'name'> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const call = async <Body>(path: string, body?: object): Promise<Body> => {
    const init = body ? { method: 'POST', body: JSON.stringify(body), headers } : { headers };
    const response = await send(new Request(url + path, init));
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };
  return {
    get: call,
    post: call,
    graphql: async <Data>(query: string, variables: object) => {
      const { data, errors } = await call<{ data: Data; errors?: unknown }>('/graphql', { query, variables });
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      return data;
    },
  };
}

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} % (${Math.round(part * 10) / 10}/${whole})`;

export function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`;
}
