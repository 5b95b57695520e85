import pino from 'pino';
import { inject } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import type { Caller } from '../../src/core/deps.js';
import { authenticate } from '../../src/core/authenticate.js';
import type { Scope } from '../../src/core/rules/scopes.js';
import { assertDescribed } from './described.js';
import { createDatabase } from './postgres.js';
import { throughPrism } from './prism.js';

export interface Client {
  key: string;
  caller: Caller;
  /** A REST call through the door, without a port. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  rest<Body = any>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<RestReply<Body>>;
  /** A GraphQL operation through the door, without a port. */
  graphql<Data = Record<string, never>>(query: string, variables?: object): Promise<GraphqlReply<Data>>;
}

// Replies are looked into field by field: a test that reads a wrong one fails on `undefined`.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface RestReply<Body = any> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface GraphqlReply<Data> {
  status: number;
  data: Data;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string; field?: string } }[];
}

export interface TestApp extends App {
  /** A new account with a key that supersedes by itself if asked to. */
  newClient(options?: ClientOptions): Promise<Client>;
  /** The SQL statements that `work` runs, without those of the server's own background work; or those that `isWanted`. */
  statementsOf(work: () => Promise<unknown>, isWanted?: (sql: string) => boolean): Promise<string[]>;
}

export interface ClientOptions {
  autoSupersede?: boolean;
  plan?: 'starter' | 'pro';
  /** Of this account, instead of a new one. */
  accountId?: string;
  scopes?: readonly Scope[];
  boundTenant?: string;
}

export interface StartOptions {
  env?: Record<string, string>;
  now?: () => Date;
  /** The data folder that `env` names was opened before: it is taken as it is. */
  isReopened?: boolean;
  heartbeatMs?: number;
  /** False: without row-level security. */
  isGuarded?: boolean;
  /** Nothing is logged unless one is given. */
  logger?: pino.Logger;
}

/** What a server asks by itself, or once for many calls: who has a key, and for rows to embed or to index, webhooks, shared rates. */
const BACKGROUND =
  /FROM api_keys k JOIN accounts|UPDATE api_keys k SET last_used_at|embedding_model <>|SET near_indexed = TRUE|"webhooks"\."state" =|FROM pg_class c|rate_windows/;

/** The whole server on a database of its own: embedded, or a fresh one of the server at TEST_DATABASE_URL. */
export async function startApp(options: StartOptions = {}): Promise<TestApp> {
  const { env = {}, now, heartbeatMs, isReopened = false, isGuarded = true } = options;
  const { logger = pino({ level: 'silent' }) } = options;
  const database = await freshDatabase();
  const statements: string[] = [];
  const config = readConfig({ PORT: '0', ...database.env, ...env });
  const built = await createApp(config, logger, {
    ...(isReopened ? {} : { snapshot: inject('snapshot') }),
    isGuarded,
    otherwise: 'SYSTEM', // a test looks into the database, and calls verbs, as an operator; what comes through a door does not
    onStatement: (sql) => statements.push(sql),
    ...(now ? { now } : {}),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  });
  // Set by `npm run test:prism`.
  const prism = process.env['PRISM'];
  const reached = prism ? await throughPrism(built, prism) : built;
  const app = { ...reached, fetch: (request: Request) => fetchDescribed(reached, request) };
  return {
    ...app,
    newClient: (options) => newClient(app, options),
    statementsOf: async (work, isWanted = (sql) => !BACKGROUND.test(sql)) => {
      const before = statements.length;
      await work();
      return statements.slice(before).filter(isWanted);
    },
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}

/** Whatever a test is about: a status that the OpenAPI document leaves out is a fault of one of the two. */
async function fetchDescribed(app: App, request: Request): Promise<Response> {
  const response = await app.fetch(request);
  assertDescribed(request, response.status);
  return response;
}

export async function freshDatabase(): Promise<{ env: Record<string, string>; drop: () => Promise<void> }> {
  const server = inject('testDatabaseUrl');
  if (server === '') return { env: { PALIMPSEST_DATA_DIR: 'memory://' }, drop: () => Promise.resolve() };
  const { url, drop } = await createDatabase(server);
  return { env: { DATABASE_URL: url }, drop };
}

async function newClient(
  app: App,
  { autoSupersede = false, plan = 'pro', accountId, ...terms }: ClientOptions = {},
): Promise<Client> {
  const owner = accountId ?? (await createAccount(app.deps, { name: 'test', plan })).id;
  const input = { name: 'test', accountId: owner, autoSupersedeDefault: autoSupersede, ...terms };
  const { key } = await createApiKey(app.deps, input);
  const authorization = `Bearer ${key}`;
  return {
    key,
    caller: await authenticate(app.deps, authorization),
    rest: (method, path, body, headers) => callRest(app, method, path, body, { authorization, ...headers }),
    graphql: (query, variables) => callGraphql(app, { authorization }, { query, variables }),
  };
}

/** A REST call with exactly these headers; a string body is sent as it is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export async function callRest<Body = any>(
  app: Pick<App, 'fetch'>,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RestReply<Body>> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await app.fetch(
    new Request(`http://palimpsest${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: text }),
    }),
  );
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

/** A GraphQL request with exactly these headers; a string body is sent as it is. */
export async function callGraphql<Data>(
  app: Pick<App, 'fetch'>,
  headers: Record<string, string>,
  body: unknown,
): Promise<GraphqlReply<Data>> {
  const reply = await callRest(app, 'POST', '/graphql', body, headers);
  return { status: reply.status, ...(reply.body as Omit<GraphqlReply<Data>, 'status'>) };
}
