import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createServerAdapter } from '@whatwg-node/server';
import type { Config } from './config.js';
import { actForNobody, asSystem } from './core/act-for.js';
import { senderOf } from './core/authenticate.js';
import type { Deps } from './core/deps.js';
import { Gate } from './core/gate.js';
import { startIndexing } from './core/index-pending.js';
import { KeyUses } from './core/key-uses.js';
import { KnownKeys } from './core/known-keys.js';
import { ResidentTenants } from './core/resident-tenants.js';
import { RateLimits, shareRateLimits } from './core/rate-limits.js';
import { startReEmbedding } from './core/re-embed.js';
import { ScopeSizes } from './core/scope-sizes.js';
import { Sessions } from './core/sessions.js';
import { SharedQuestions } from './core/shared-question.js';
import { States } from './core/states.js';
import { TermCounts } from './core/term-counts.js';
import { Turns } from './core/turns.js';
import { embedderOutsideTime, llmOutsideTime } from './core/within-time.js';
import { AppError } from './errors.js';
import { isListed } from './graphql/persisted-operations.js';
import { readDocuments } from './graphql/read-documents.js';
import { createGraphqlDoor, GRAPHQL_PATH } from './graphql/server.js';
import { socketOptions } from './graphql/socket.js';
import { EventStreams, isEventStream } from './event-streams.js';
import { answerHealth } from './health.js';
import { mayConnect } from './http/cors.js';
import { withManners } from './http/manners.js';
import { stopAtCrumbs } from './http/crumbs.js';
import { lingerAfter } from './http/linger.js';
import { oneByOne } from './http/one-by-one.js';
import { answerUnreadable, rawReply } from './http/unreadable.js';
import { refuseUnservable } from './http/unservable.js';
import type { Logger } from './logger.js';
import { OutageLog } from './outage-log.js';
import { createByoLlms } from './models/byo.js';
import { createEmbedder } from './models/create-embedder.js';
import { createLlm } from './models/create-llm.js';
import type { Embedder } from './models/embedder.js';
import { createReranker } from './models/reranker.js';
import { BodyRoom } from './request-body.js';
import { createRestDoor } from './rest/router.js';
import { createSockets } from './sockets.js';
import { EventTails } from './store/event-tails.js';
import { openDatabase, type Database, type OpenOptions } from './store/client.js';
import { ensureVectorIndex } from './store/vector-index.js';
import type { Post } from './webhooks/deliver.js';
import { startWebhooks, type WebhookRunner } from './webhooks/runner.js';
import { webhookTerms } from './webhooks/terms.js';

export interface App {
  deps: Deps;
  /** Both doors, without a port. */
  fetch(request: Request): Promise<Response>;
  /** Serves HTTP and WebSocket; gives the URL. */
  listen(): Promise<string>;
  /** Says at /ready that it is about to stop, and goes on serving for PALIMPSEST_DRAIN_MS, with connections that end after their answer. */
  drain(): Promise<void>;
  /** Stops accepting, finishes what runs, closes sockets and database. */
  close(): Promise<void>;
}

export interface Overrides extends OpenOptions {
  now?: () => Date;
  /** Between two signs of life on sockets and feeds; 12 seconds unless a test is in a hurry. */
  heartbeatMs?: number;
}

const HEARTBEAT_MS = 12_000;

/** Builds the server from its settings: opens the database, chooses the models, and puts both doors on one core. */
export async function createApp(config: Config, logger: Logger, overrides: Overrides = {}): Promise<App> {
  const now = overrides.now ?? (() => new Date());
  const { persistedOperations } = config;
  const documents = persistedOperations === undefined ? undefined : await readDocuments(persistedOperations);
  let forget: (accountId?: string) => void = () => undefined; // there is nothing to forget while it opens
  const database = await openDatabase(config.database, {
    ...overrides,
    onKeyChanged: (apiKeyId) => {
      keys.forgetKey(apiKeyId);
      void sessions.changed(apiKeyId);
    },
    onPlanChanged: (accountId) => {
      keys.forgetAccount(accountId);
      wakeups.wake(accountId);
    },
    onErased: (accountId) => forget(accountId),
  });
  const { db, wakeups } = database;
  const outages = new OutageLog(logger);
  tellGuard(database.guard, logger);
  const keys = new KnownKeys(db);
  const keyUses = new KeyUses({ db, now }, (error) => outages.warn({ err: error }, 'use of keys is not noted'));
  const sessions = new Sessions({ db, now, plans: config }, config.maxSubscriptions);
  const embedder = await openEmbedder(config, database);
  const indexing = asSystem(() => startIndexing({ ...database, embedder }, outages));
  const residents = new ResidentTenants(
    { ...database, embedder, now, warn: (details, message) => outages.warn(details, message) },
    config.searchMemoryBytes,
  );
  const bringLlm = createByoLlms(config.byo);
  const deps: Deps = {
    db,
    wakeups,
    tails: new EventTails(db, wakeups, (error) => outages.warn({ err: error }, 'events can not be read')),
    states: new States(wakeups),
    questions: new SharedQuestions(),
    keys,
    keyUses,
    sessions,
    giveWay: database.giveWay,
    batchMs: database.batchMs,
    lookAtTables: database.lookAtTables,
    llm: llmOutsideTime(await createLlm(config)),
    bringLlm: async (choice, accountId) => llmOutsideTime(await bringLlm(choice, accountId)),
    embedder: config.embedding ? embedderOutsideTime(embedder) : embedder,
    reranker: config.reranker && createReranker(config.reranker),
    warn: (details, message) => outages.warn(details, message),
    journal: logger,
    termCounts: new TermCounts(),
    indexing,
    residents,
    scopeSizes: new ScopeSizes(),
    turns: new Turns(),
    webhookTerms: webhookTerms({
      isAllowed: (url) => mayGoTo(url, config.webhooks.hosts),
      mayRun: (document) => isListed(documents, document),
    }),
    gate: new Gate(config.maxRequests),
    rates: new RateLimits(config.requestRates),
    now,
    heartbeatMs: overrides.heartbeatMs ?? HEARTBEAT_MS,
    config,
  };
  forget = (accountId) => {
    deps.termCounts.forget(accountId);
    deps.scopeSizes.forget(accountId);
    residents.forget(accountId);
    embedder.forget?.();
  };
  const report = (error: unknown): void => outages.bug(error);
  const reEmbedding = asSystem(() => startReEmbedding(deps, outages));
  const webhooks = asSystem(() => openWebhooks(deps, database, report));
  const rateSharing = asSystem(() =>
    shareRateLimits(deps, (error) => outages.warn({ err: error }, 'rate limits are not shared')),
  );
  const graphql = createGraphqlDoor(deps, report, documents);
  const rest = createRestDoor(deps, report);

  const bodies = new BodyRoom(config.maxHeldBodyBytes);
  let isStopping = false;
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const health = await answerHealth(deps, request, isStopping);
    if (health) return health;
    const door = pathname === GRAPHQL_PATH ? graphql : rest;
    try {
      // A body that trickles in takes no place from others.
      const limits = { maxBytes: config.maxBodyBytes, timeoutMs: config.bodyTimeoutMs };
      const sender = senderOf(deps, request.headers.get('authorization'));
      const pass = (whole: Request): Promise<Response> => deps.gate.pass(sender, () => door.fetch(whole));
      return await (rest.isStreamed(request.method, pathname) ? pass(request) : bodies.hold(request, limits, pass));
    } catch (error) {
      if (error instanceof AppError) return refuse(error, pathname);
      throw error;
    }
  };
  const fetch = withManners((request) => actForNobody(() => answer(request)), {
    corsOrigins: config.corsOrigins,
    report,
    onAnswered: (line) => logger.debug(line, 'answered'),
  });

  const streams = new EventStreams();
  const listener = createServerAdapter<{ res: ServerResponse }>(async (request, { res }) => {
    const response = await fetch(request);
    // Else a client might send its next request at the moment in which the connection is closed.
    if (isStopping) response.headers.set('connection', 'close');
    if (isEventStream(response)) streams.add(res);
    return response;
  });
  const serve = oneByOne((request, response) => {
    lingerAfter(request, response);
    if (refuseUnservable(request, response)) return;
    const [path = ''] = (request.url ?? '').split('?');
    if (!rest.isStreamed(request.method ?? '', path)) stopAtCrumbs(request);
    void listener(request, response);
  });
  const server = createServer(arrivalLimits(config), serve);
  const sockets = createSockets(socketOptions(deps, graphql, report), {
    maxPayload: config.maxBodyBytes,
    heartbeatMs: deps.heartbeatMs,
    report,
  });
  server.on('clientError', answerUnreadable);
  server.maxConnections = config.maxConnections; // whoever comes when there are as many is turned away at once
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Not through URL: a malformed target would throw here, outside of any request.
    if (!server.listening || request.url?.split('?')[0] !== GRAPHQL_PATH)
      socket.end(rawReply(400, NOTHING_TO_UPGRADE_TO));
    else if (!mayConnect(request.headers, config.corsOrigins)) socket.end(rawReply(403, FOREIGN_PAGE));
    else actForNobody(() => sockets.upgrade(request, socket, head));
  });
  return {
    deps,
    fetch,
    listen: () => listen(server, config),
    drain: async () => {
      isStopping = true;
      await pause(config.drainMs);
    },
    close: async () => {
      isStopping = true;
      const served = closeServer(server); // from here on nothing new is accepted
      streams.close();
      // Side by side: one after the other they may take longer than a supervisor waits.
      const background = [reEmbedding.stop(), indexing.stop(), residents.stop(), webhooks.stop(), rateSharing.stop()];
      await Promise.all([served, sockets.close(REQUEST_GRACE_MS), ...background]);
      sessions.stop();
      await keyUses.stop();
      await database.close();
    },
  };
}

/** What an operator can mend of the second guard: see docs/OPERATIONS.md, "Row-level security". */
function tellGuard({ hasRoles, isActive, isIndexed }: Database['guard'], logger: Logger): void {
  if (!isActive) logger.warn('row-level security does not hold: the role that logs in is let past it');
  else if (!hasRoles) logger.warn('row-level security has no roles of its own: its policies are forced upon the owner');
  if (isActive && !isIndexed) logger.warn('row-level security keeps two comparisons off their indexes');
}

/** The embedder with its index. One that is not to be had ends the start: an open database would keep the process. */
async function openEmbedder(config: Config, database: Database): Promise<Embedder> {
  try {
    const embedder = await createEmbedder(config);
    await asSystem(() => ensureVectorIndex(database.db, embedder));
    return embedder;
  } catch (error) {
    await database.close();
    throw error;
  }
}

const mayGoTo = async (url: URL, hosts: readonly string[]): Promise<boolean> => {
  const { isAllowedUrl } = await import('./models/outbound/base-url.js');
  return isAllowedUrl(url, hosts);
};

/** Messages go where callers say: out through the guard, with no header but what the protocol has. */
const HEADERS = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
const WEBHOOK_TIMEOUT_MS = 15_000;

function openWebhooks(deps: Deps, database: Database, report: (error: unknown) => void): WebhookRunner {
  const { hosts, retries } = deps.config.webhooks;
  // Loaded with the first message: most servers never send one.
  let guard: Promise<Post> | undefined;
  const open = async (): Promise<Post> => {
    const { createGuardedFetch } = await import('./models/outbound/guarded-fetch.js');
    return createGuardedFetch({ hosts, timeoutMs: WEBHOOK_TIMEOUT_MS, headers: HEADERS });
  };
  const post: Post = async (url, init) => (await (guard ??= open()))(url, init);
  return startWebhooks({ deps, queue: database.queue('webhook-deliveries', retries, report), post, report });
}

/** A refusal before either door was reached, in the shape of the door that was asked for. */
function refuse({ message, code, status }: AppError, pathname: string): Response {
  const body = pathname === GRAPHQL_PATH ? { errors: [{ message, extensions: { code } }] } : { detail: message, code };
  return Response.json(body, { status });
}

/** Of a page that may not call: browsers ask nobody before they open a socket, so that it has to be refused here. */
const FOREIGN_PAGE = { detail: 'Pages of this origin may not connect.', code: 'FORBIDDEN' } as const;

function listen(server: Server, { host, port }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const { port: actual } = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
    });
  });
}

/** Said before the connection ends: a socket that closes without a word looks like a fault of the network. */
const NOTHING_TO_UPGRADE_TO = { detail: 'There is nothing here to upgrade to.', code: 'INVALID_INPUT' } as const;

/** The longest that a whole request may take to arrive: of an import, which has no other limit. */
const IMPORT_MS = 300_000;

/** Clients that send a request drop by drop keep a connection, and no more, for so long. */
const arrivalLimits = ({ headersTimeoutMs: headersTimeout }: Config): ServerOptions => ({
  headersTimeout,
  requestTimeout: IMPORT_MS,
  // How often Node looks for those that are late.
  connectionsCheckingInterval: Math.min(5_000, headersTimeout),
});

const REQUEST_GRACE_MS = 10_000;

/** Lets running requests finish for a while, and cuts them then. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), REQUEST_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
