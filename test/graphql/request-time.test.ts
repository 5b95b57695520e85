import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { RequestTime } from '../../src/store/request-time.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { openTransports, type Send, type Transport } from '../support/transports.js';

const isEmbedded = inject('testDatabaseUrl') === '';
const WAIT = { timeout: 20_000, interval: 20 };

let app: TestApp;
let client: Client;
let send: Readonly<Record<Transport, Send>>;
let close: () => void;

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  const opened = await openTransports(await app.listen(), client.key);
  send = opened.send;
  close = () => opened.socket.terminate();
  await client.rest('POST', '/agent/memories', { content: 'The ferry leaves at eight' });
});
afterAll(async () => {
  close();
  await app.close();
});

/** Runs `work` with requests that may take so long. */
async function limitedTo<Result>(requestTimeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  const { config } = app.deps;
  app.deps.config = { ...config, requestTimeoutMs };
  try {
    return await work();
  } finally {
    app.deps.config = config;
  }
}

/** Runs `work` while nobody else gets at the memories. */
async function whileBusy<Result>(work: () => Promise<Result>): Promise<Result> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const { db } = app.deps;
  let began = (): void => undefined;
  const isBusy = new Promise<void>((resolve) => (began = resolve));
  const busy = db.$transaction(
    async (tx) => {
      await tx.$executeRawUnsafe('LOCK TABLE memories IN ACCESS EXCLUSIVE MODE');
      began();
      await released;
    },
    { timeout: 60_000 },
  );
  await isBusy;
  try {
    return await work();
  } finally {
    release();
    await busy;
  }
}

const READ = '{ memories { nodes { text } } }';
const WRITE = 'mutation { addMemories(input: { content: "The ferry leaves at nine" }) { cursor } }';
const TIMEOUT = { errors: [{ extensions: { code: 'TIMEOUT' } }] };

/** Statements of ours that the server still works on. */
const statementsUnderWay = async (): Promise<number> => {
  const [row] = await app.deps.db.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS count FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'`;
  return Number(row?.count);
};

describe('a request that takes too long', () => {
  it('is TIMEOUT at both doors and over every transport, and nothing of it is stored', async () => {
    const sql = await app.statementsOf(
      () =>
        whileBusy(async () => {
          await limitedTo(300, async () => {
            const replies = await Promise.all([
              client.rest('GET', '/agent/memories'),
              client.rest('POST', '/agent/memories', { content: 'The ferry leaves at ten' }),
              client.graphql(READ),
              client.graphql(WRITE),
            ]);
            for (const { status } of replies) expect(status).toBe(504);
            const [read, write] = replies;
            expect([read.body, write.body]).toMatchObject([{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }]);
            expect(replies.slice(2)).toMatchObject([TIMEOUT, TIMEOUT]);
            for (const { headers } of replies.slice(0, 2) as { headers: Headers }[])
              expect(headers.get('retry-after')).toBeNull();
            expect(await Promise.all([send.SSE({ query: WRITE }), send.WebSocket({ query: WRITE })])).toMatchObject([
              TIMEOUT,
              TIMEOUT,
            ]);
          });
          // The server of the database has stopped as well: what waited for the lock is gone while it is still held.
          if (!isEmbedded) await vi.waitUntil(async () => (await statementsUnderWay()) === 0, WAIT);
        }),
      (statement) => /INSERT INTO "?(public"?\."?)?memories/i.test(statement),
    );
    if (isEmbedded) expect(sql).toEqual([]);
    expect((await client.graphql(READ)).data).toEqual({ memories: { nodes: [{ text: 'The ferry leaves at eight' }] } });
  });

  it('while its key is looked up is TIMEOUT too', async () => {
    if (!isEmbedded) return; // a lock on memories does not stop the key from being read
    const { status, errors } = await whileBusy(() => limitedTo(200, () => client.graphql(READ)));
    expect({ status, errors }).toMatchObject({ status: 504, ...TIMEOUT });
  });

  it('leaves the database and its connections as they were', async () => {
    for (let i = 0; i < 3; i++)
      await whileBusy(() => limitedTo(100, () => Promise.all([client.graphql(READ), client.graphql(WRITE)])));
    const content = 'The ferry leaves at eleven';
    expect((await client.rest('POST', '/agent/memories', { content })).status).toBe(200);
    expect((await client.graphql(READ)).data).toMatchObject({ memories: { nodes: [{ text: content }, {}] } });
  });

  it('is given up as well when its caller leaves, if it only reads', async () => {
    await whileBusy(async () => {
      const leaving = new AbortController();
      const headers = { authorization: `Bearer ${client.key}` };
      const targets = ['/agent/memories', `/graphql?query=${encodeURIComponent(READ)}`];
      const replies = targets.map((target) =>
        app.fetch(new Request(`http://palimpsest${target}`, { headers, signal: leaving.signal })),
      );
      if (!isEmbedded) await vi.waitUntil(async () => (await statementsUnderWay()) === targets.length, WAIT);
      leaving.abort();
      for (const reply of replies) expect((await reply).status).toBe(504);
      if (!isEmbedded) await vi.waitUntil(async () => (await statementsUnderWay()) === 0, WAIT);
    });
  });

  it('is not what a feed is: it lasts', async () => {
    const query = 'subscription { memoryEvents { ... on MemoryEvent { kind } ... on FeedOpened { __typename } } }';
    const stop = new AbortController();
    await limitedTo(100, async () => {
      const url = await app.fetch(
        new Request('http://palimpsest/graphql', {
          method: 'POST',
          headers: {
            authorization: `Bearer ${client.key}`,
            accept: 'text/event-stream',
            'content-type': 'application/json',
          },
          body: JSON.stringify({ query }),
          signal: stop.signal,
        }),
      );
      const reader = (url.body as ReadableStream<Uint8Array>).getReader();
      let text = '';
      const read = async (until: RegExp): Promise<void> => {
        while (!until.test(text)) text += Buffer.from((await reader.read()).value ?? []).toString();
      };
      await read(/FeedOpened/);
      await whileBusy(() => client.graphql(READ)); // longer than a request may take
      await limitedTo(0, () => client.rest('POST', '/agent/memories', { content: 'The ferry leaves at noon' }));
      await read(/CREATED/);
      await reader.cancel();
    });
  });
});

describe('the time of a request', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('stands still while a model is waited for, also when several are', async () => {
    const time = new RequestTime(1_000);
    vi.advanceTimersByTime(600);
    let answer = (): void => undefined;
    const model = new Promise<void>((resolve) => (answer = resolve));
    const asked = Promise.all([time.outside(() => model), time.outside(() => Promise.resolve())]);
    await Promise.resolve();
    vi.advanceTimersByTime(100_000);
    expect(time.signal.aborted).toBe(false);
    answer();
    await asked;
    vi.advanceTimersByTime(399);
    expect(time.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(time.signal.aborted).toBe(true);
  });

  it('is up for all that the request does, and for nothing that outlives it', async () => {
    const time = new RequestTime(1_000);
    let seen: (RequestTime | undefined)[] = [];
    let later = (): void => undefined;
    await time.run(async () => {
      await Promise.resolve();
      seen = [RequestTime.current()];
      later = () => void seen.push(RequestTime.current());
    });
    await time.run(() => {
      later();
      time.end();
      later();
      return Promise.resolve();
    });
    expect(seen).toEqual([time, time, undefined]);
    vi.advanceTimersByTime(2_000);
    expect(time.signal.aborted).toBe(false);
    expect(RequestTime.current()).toBeUndefined();
  });

  it('of 0 is any time', () => {
    const time = new RequestTime(0);
    vi.advanceTimersByTime(1_000_000_000);
    expect(time.signal.aborted).toBe(false);
  });
});
