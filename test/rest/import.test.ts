import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSocket } from '../support/feed.js';
import type { Client } from '../support/start-app.js';
import { startApp, type TestApp } from '../support/start-app.js';

const MAX_LINE = 4_096;
const MAX_IMPORT = 200_000;
const STARTER_WRITES = 300;
let app: TestApp;

beforeAll(async () => {
  app = await startApp({
    env: {
      PALIMPSEST_MAX_BODY_BYTES: String(MAX_LINE),
      PALIMPSEST_MAX_IMPORT_BYTES: String(MAX_IMPORT),
      PALIMPSEST_STARTER_WRITES: String(STARTER_WRITES),
    },
  });
});
afterAll(() => app.close());

interface ImportLine {
  event: 'begun' | 'ended';
  import_id: string;
  key: string;
  state: string;
  failure: string | null;
  rows_total: number;
  rows_done: number;
  stored: number;
  duplicates: number;
  rejected: number;
  code?: string;
}

interface RowLine {
  line: number;
  status: string;
  memory_id?: string;
  code?: string;
  field?: string;
  detail?: string;
}

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

interface SendOptions {
  key?: string;
  query?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function send(client: Client, body: Body, { key, query = '', headers }: SendOptions = {}): Promise<Response> {
  const init = {
    method: 'POST',
    body,
    duplex: 'half',
    headers: {
      authorization: `Bearer ${client.key}`,
      'content-type': 'application/x-ndjson',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
  };
  return app.fetch(new Request(`http://palimpsest/agent/memories/import${query}`, init));
}

/** The whole reply, taken apart. */
function parse(text: string): { begun: ImportLine; rows: RowLine[]; ended: ImportLine } {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const rows = lines.filter((line): line is RowLine => 'line' in line);
  const marks = lines.filter((line): line is ImportLine => 'event' in line);
  const [begun, ended] = marks;
  expect(marks.map(({ event }) => event)).toEqual(['begun', 'ended']);
  if (!begun || !ended) throw new Error('not a whole reply');
  return { begun, rows, ended };
}

async function importAll(client: Client, body: Body, options?: SendOptions) {
  const response = await send(client, body, options);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  return parse(await response.text());
}

async function refusal(client: Client, body: Body, options?: SendOptions): Promise<unknown> {
  const response = await send(client, body, options);
  return { status: response.status, ...((await response.json()) as object) };
}

const ndjson = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const numbered = (count: number, about = 'shelf'): string =>
  ndjson(Array.from({ length: count }, (_, i) => ({ content: `Box ${i} stands on ${about} ${i % 7}.` })));

const writesUsed = async (client: Client): Promise<number> =>
  (await client.rest<{ writes_used: number }>('GET', '/plan/status')).body.writes_used;

const textsOf = async (client: Client, tenant?: string): Promise<string[]> => {
  const query = tenant === undefined ? '' : `&tenant_id=${tenant}`;
  const { body } = await client.rest<{ memories: { decision: string }[] }>('GET', `/agent/memories?limit=1000${query}`);
  return body.memories.map(({ decision }) => decision).reverse();
};

/** Reads the reply until a row of the first batch came: what it does from here on is at most one batch more. */
async function readOneBatch(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const readOn = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
    }
  };
  await readOn(() => text.includes('"line":'));
  return {
    leave: () => reader.cancel(),
    rest: async () => {
      await readOn(() => false);
      return parse(text);
    },
  };
}

describe('an import', () => {
  it('stores rows exactly as POST /agent/memories stores them', async () => {
    const rows = [
      { content: 'Rosa keeps bees.' },
      { content: 'Rosa sells honey.', topic: 'Work', importance_score: 9, source: 'crm', session_id: 's-1' },
      { content: 'Rosa moved to Pécs.', importance: 'high', recorded_at: '2025-04-01T00:00:00+02:00', unknown: [1] },
      { content: 'Rosa has a van.', tenant_id: 'other', valid_from: '2025-05-01T00:00:00Z' },
    ];
    const [bulk, single] = [await app.newClient(), await app.newClient()];
    const { rows: results, ended } = await importAll(bulk, ndjson(rows));
    expect(ended).toMatchObject({ state: 'done', rows_total: 4, rows_done: 4, stored: 4, duplicates: 0, rejected: 0 });
    for (const row of rows) expect((await single.rest('POST', '/agent/memories', row)).status).toBe(200);

    const shown = async (client: Client, tenant: string) => {
      const { body } = await client.rest<{ memories: { id: string }[] }>(
        'GET',
        `/agent/memories?include_superseded=true${tenant}`,
      );
      const { memories } = body;
      const audits = await Promise.all(
        memories.map(async ({ id }) => (await client.rest<object>('GET', `/memories/${id}/audit`)).body),
      );
      const timelines = await Promise.all(
        memories.map(async ({ id }) => (await client.rest<object>('GET', `/memories/${id}/timeline`)).body),
      );
      return blurred({ memories, audits, timelines }, client);
    };
    for (const tenant of ['', '&tenant_id=other'])
      expect(await shown(bulk, tenant)).toEqual(await shown(single, tenant));
    expect(await eventsOf(bulk)).toEqual(await eventsOf(single));
    expect(await writesUsed(bulk)).toBe(await writesUsed(single));
    expect(results.map(({ line, status }) => [line, status])).toEqual([1, 2, 3, 4].map((line) => [line, 'stored']));
    const stored = await app.deps.db.memory.findMany({ where: { accountId: bulk.caller.accountId } });
    expect(stored.map(({ id }) => id).sort()).toEqual(results.map((row) => row.memory_id).sort());
  });

  it('stores the vectors of the embedder, to within what is lost in single precision', async () => {
    const client = await app.newClient();
    const text = 'A grey heron stands in the reeds.';
    await importAll(client, ndjson([{ content: text }]));
    const [row] = await app.deps.db.$queryRaw<{ vector: string }[]>`
      SELECT embedding::text AS vector FROM memories WHERE account_id = ${client.caller.accountId}::uuid`;
    const stored = JSON.parse(row?.vector ?? '[]') as number[];
    const [wanted = new Float32Array()] = await app.deps.embedder.embed([text]);
    expect(stored).toHaveLength(wanted.length);
    wanted.forEach((value, i) => expect(Math.abs(value - Math.fround(stored[i] ?? NaN))).toBeLessThan(2 ** -30));
  });

  it('names each row that it can not store by line and field, repeats none of it, and stores the others', async () => {
    const client = await app.newClient();
    const good = { content: 'The gate opens at nine.' };
    const bad: [line: string | Uint8Array<ArrayBuffer>, expected: object][] = [
      ['{"content": "half a line', { code: 'INVALID_JSON' }],
      [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), { code: 'INVALID_JSON' }],
      ['[1, 2]', { code: 'INVALID_INPUT' }],
      ['{"topic": "xyzzy"}', { code: 'INVALID_INPUT', field: 'content', detail: 'content: is required' }],
      ['{"content": "  "}', { code: 'INVALID_INPUT', field: 'content' }],
      ['{"content": "a", "importance_score": "xyzzy"}', { code: 'INVALID_INPUT', field: 'importance_score' }],
      ['{"content": "a", "recorded_at": "xyzzy"}', { code: 'INVALID_INPUT', field: 'recorded_at' }],
      [`{"content": "a", "tenant_id": "${'x'.repeat(129)}"}`, { code: 'INVALID_INPUT', field: 'tenant_id' }],
      ['{"content": "a \\u0000"}', { code: 'INVALID_INPUT', field: 'content' }],
      ['{"messages": [{"role": "user", "content": "xyzzy"}]}', { code: 'INVALID_INPUT', field: 'messages' }],
      ['{"content": "a", "supersedes": "xyzzy"}', { code: 'INVALID_INPUT', field: 'supersedes' }],
      ['{"content": "a", "auto_supersede": true}', { code: 'INVALID_INPUT', field: 'auto_supersede' }],
      [`{"content": "${'x'.repeat(MAX_LINE)}"}`, { code: 'BODY_TOO_LARGE' }],
    ];
    const parts = [
      JSON.stringify(good),
      ...bad.map(([line]) => line),
      JSON.stringify({ content: 'It closes at five.' }),
    ];
    const body = Buffer.concat(parts.flatMap((part) => [Buffer.from(part), Buffer.from('\n')]));
    const { rows, ended } = await importAll(client, body);
    expect(rows[0]).toMatchObject({ line: 1, status: 'stored' });
    bad.forEach(([, expected], i) =>
      expect(rows[i + 1]).toMatchObject({
        line: i + 2,
        status: 'rejected',
        detail: expect.any(String) as string,
        ...expected,
      }),
    );
    expect(JSON.stringify(rows)).not.toContain('xyzzy');
    expect(rows.at(-1)).toMatchObject({ line: bad.length + 2, status: 'stored' });
    expect(ended).toMatchObject({ state: 'done', stored: 2, rejected: bad.length, rows_done: bad.length + 2 });
    expect(await textsOf(client)).toEqual(['The gate opens at nine.', 'It closes at five.']);
    expect(await writesUsed(client)).toBe(2);
  });

  it('counts lines as an editor does: blank ones, CRLF, a BOM, and a last line without a break', async () => {
    const client = await app.newClient();
    const body = '\uFEFF{"content": "First."}\r\n\r\n   \n{"content": "Fourth."}\r\n\n{"content": "Sixth."}';
    const { rows, begun } = await importAll(client, body);
    expect(begun.rows_total).toBe(3);
    expect(rows.map(({ line, status }) => [line, status])).toEqual([1, 4, 6].map((line) => [line, 'stored']));
  });

  it('cut into chunks anywhere is the same import', async () => {
    const client = await app.newClient();
    const bytes = Buffer.from(ndjson([{ content: 'Żółw 🐢 sunbathes.' }, { content: 'Łoś 🫎 grazes.' }]));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect((await importAll(client, body)).ended).toMatchObject({ state: 'done', stored: 2 });
    expect(await textsOf(client)).toEqual(['Żółw 🐢 sunbathes.', 'Łoś 🫎 grazes.']);
  });

  it('finds duplicates among its rows and what is stored, by tenant, source, session and date', async () => {
    const client = await app.newClient();
    const { body: first } = await client.rest<{ memory_id: string }>('POST', '/agent/memories', {
      content: 'Ivo likes plums.',
    });
    const { rows, ended } = await importAll(
      client,
      ndjson([
        { content: 'Ivo likes plums.' },
        { content: 'Ivo likes pears.' },
        { content: 'Ivo likes pears.' },
        { content: 'Ivo likes pears.', tenant_id: 'b' },
        { content: 'Ivo likes pears.', source: 'crm' },
        { content: 'Ivo likes pears.', session_id: 's' },
        { content: 'Ivo likes pears.', valid_from: '2024-01-01T00:00:00Z' },
      ]),
    );
    expect(rows.map(({ status }) => status)).toEqual([
      'duplicate',
      'stored',
      'duplicate',
      ...Array<string>(4).fill('stored'),
    ]);
    expect(rows[0]?.memory_id).toBe(first.memory_id);
    expect(rows[2]?.memory_id).toBe(rows[1]?.memory_id);
    expect(ended).toMatchObject({ stored: 5, duplicates: 2, rejected: 0, rows_done: 7 });
    expect(await writesUsed(client)).toBe(6);
  });

  it('gives rows that name no tenant the one of the request', async () => {
    const client = await app.newClient();
    const body = ndjson([{ content: 'Mine.' }, { content: 'Theirs.', tenant_id: 'theirs' }]);
    await importAll(client, body, { query: '?tenant_id=mine' });
    expect(await textsOf(client, 'mine')).toEqual(['Mine.']);
    expect(await textsOf(client, 'theirs')).toEqual(['Theirs.']);
    expect(await textsOf(client)).toEqual([]);
  });

  it('takes as many SQL statements for a batch of many rows and tenants as for one of few', async () => {
    const statementsOf = async (count: number): Promise<number> => {
      const client = await app.newClient();
      const rows = Array.from({ length: count }, (_, i) => ({ content: `Lamp ${i} is on.`, tenant_id: `t${i}` }));
      return (await app.statementsOf(() => importAll(client, ndjson(rows)))).length;
    };
    await statementsOf(2);
    const few = await statementsOf(2);
    expect(await statementsOf(150)).toBe(few);
    expect(few).toBeLessThan(20);
  });

  it('has the database look at what it stores meanwhile, so that each row is looked up and not searched for', async () => {
    const fresh = await startApp();
    try {
      const client = await fresh.newClient({ plan: 'pro' });
      const rows = Array.from({ length: 1_100 }, (_, i) => ({ content: `Jar ${i} is full.`, tenant_id: `t${i % 40}` }));
      const response = await fresh.fetch(
        new Request('http://palimpsest/agent/memories/import', {
          method: 'POST',
          headers: { authorization: `Bearer ${client.key}`, 'content-type': 'application/x-ndjson' },
          body: ndjson(rows),
        }),
      );
      expect(parse(await response.text()).ended.stored).toBe(1_100);
      const known = await fresh.deps.db.$queryRaw`
        SELECT reltuples >= 1000 AS known FROM pg_class WHERE oid = 'memories'::regclass`;
      expect(known).toEqual([{ known: true }]);
    } finally {
      await fresh.close();
    }
  });
});

describe('an import that is sent again', () => {
  it('goes on after the last row that was committed when its sender left in the middle: nothing twice, nothing lost', async () => {
    const client = await app.newClient();
    const body = numbered(700);
    await (await readOneBatch(await send(client, body, { key: 'boxes' }))).leave();
    const { data } = await client.graphql<{ import: object }>(
      `query ($id: ID!) { import(id: $id) { key state failure rowsTotal rowsDone stored } }`,
      { id: (await app.deps.db.memoryImport.findFirstOrThrow({ where: { key: 'boxes' } })).id },
    );
    expect(data.import).toMatchObject({ key: 'boxes', state: 'FAILED', failure: 'STOPPED', rowsTotal: 700 });

    // What a server that was killed leaves behind.
    await app.deps.db.memoryImport.updateMany({ where: { key: 'boxes' }, data: { state: 'RUNNING', failure: null } });
    const again = await importAll(client, body, { key: 'boxes' });
    expect(again.begun.rows_done).toBeGreaterThan(0);
    expect(again.begun.rows_done).toBeLessThan(700);
    expect(again.rows.map(({ line }) => line)).toEqual(
      Array.from({ length: 700 - again.begun.rows_done }, (_, i) => again.begun.rows_done + i + 1),
    );
    expect(again.ended).toMatchObject({ state: 'done', failure: null, rows_done: 700, stored: 700, duplicates: 0 });
    expect(await textsOf(client)).toEqual(
      body
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { content: string }).content),
    );
    expect(await writesUsed(client)).toBe(700);
    const seqs = await app.deps.db.memoryEvent.findMany({
      where: { accountId: client.caller.accountId },
      orderBy: { seq: 'asc' },
    });
    expect(seqs.map(({ seq }) => Number(seq))).toEqual(Array.from({ length: 700 }, (_, i) => i + 1));
  });

  it('whole, by key or by id, does nothing more', async () => {
    const client = await app.newClient();
    const body = numbered(3);
    const { begun, ended } = await importAll(client, body, { key: 'three' });
    expect(begun).toMatchObject({ event: 'begun', state: 'running', key: 'three', rows_done: 0 });
    for (const options of [{ key: 'three' }, { query: `?import_id=${ended.import_id}` }]) {
      const again = await importAll(client, body, options);
      expect(again.rows).toEqual([]);
      expect(again.ended).toMatchObject({ import_id: ended.import_id, state: 'done', stored: 3, duplicates: 0 });
    }
    expect(await writesUsed(client)).toBe(3);
  });

  it('by the same key twice at once is stored once; who came first gives way', async () => {
    const client = await app.newClient();
    const body = numbered(700);
    const first = await readOneBatch(await send(client, body, { key: 'at once' }));
    const second = await importAll(client, body, { key: 'at once' });
    const early = await first.rest();
    expect(second.ended).toMatchObject({ state: 'done', rows_done: 700, stored: 700, duplicates: 0 });
    expect(early.ended).toMatchObject({ state: 'failed', failure: 'CONFLICT', code: 'CONFLICT' });
    const lines = [...early.rows, ...second.rows].map(({ line }) => line).sort((a, b) => a - b);
    expect(lines).toEqual(Array.from({ length: 700 }, (_, i) => i + 1));
    expect(await writesUsed(client)).toBe(700);
  });

  it('without a key is another import, whose rows are duplicates', async () => {
    const client = await app.newClient();
    const first = await importAll(client, numbered(3));
    const second = await importAll(client, numbered(3));
    expect(second.ended.import_id).not.toBe(first.ended.import_id);
    expect(second.ended).toMatchObject({ stored: 0, duplicates: 3 });
    expect(await writesUsed(client)).toBe(3);
  });

  it('with other content, or for another tenant, is refused', async () => {
    const client = await app.newClient();
    await importAll(client, numbered(3), { key: 'mine' });
    for (const [body, query] of [
      [numbered(4), ''],
      [numbered(3), '?tenant_id=t'],
    ] as const) {
      expect(await refusal(client, body, { key: 'mine', query })).toMatchObject({
        status: 422,
        code: 'INVALID_INPUT',
        field: 'Idempotency-Key',
      });
    }
    expect(await writesUsed(client)).toBe(3);
  });

  it("by another account's id or key is not that account's", async () => {
    const [mine, theirs] = [await app.newClient(), await app.newClient()];
    const { ended } = await importAll(mine, numbered(2), { key: 'shared' });
    const query = `?import_id=${ended.import_id}`;
    expect(await refusal(theirs, numbered(2), { query })).toMatchObject({ status: 404, field: 'import_id' });
    expect((await theirs.rest('GET', `/agent/imports/${ended.import_id}`)).status).toBe(404);
    const { errors } = await theirs.graphql(`{ import(id: "${ended.import_id}") { id } }`);
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'id' } }]);
    expect((await importAll(theirs, numbered(2), { key: 'shared' })).ended).toMatchObject({ stored: 2 });
    expect((await mine.rest('GET', `/agent/imports/${ended.import_id}`)).body).toMatchObject({
      key: 'shared',
      state: 'done',
      stored: 2,
    });
  });
});

describe('an import is refused', () => {
  it('before anything is stored when it has more rows than may be written', async () => {
    const client = await app.newClient({ plan: 'starter' });
    expect(await refusal(client, numbered(STARTER_WRITES + 1), { key: 'big' })).toMatchObject({
      status: 429,
      code: 'QUOTA_EXCEEDED',
    });
    expect(await writesUsed(client)).toBe(0);
    expect(await app.deps.db.memoryImport.count({ where: { accountId: client.caller.accountId } })).toBe(0);
    expect((await importAll(client, numbered(STARTER_WRITES), { key: 'big' })).ended).toMatchObject({
      stored: STARTER_WRITES,
    });
    expect(await refusal(client, numbered(1, 'floor'))).toMatchObject({ status: 429 });
  });

  it('half way, exactly at the quota, when others write meanwhile; and goes on once there is room', async () => {
    const client = await app.newClient({ plan: 'starter' });
    const body = numbered(250);
    const { id } = await app.deps.db.account.findFirstOrThrow({ where: { id: client.caller.accountId } });
    const response = await send(client, body, { key: 'half' });
    await app.deps.db.account.update({ where: { id }, data: { writesUsed: { increment: 60 } } });
    const { rows, ended } = parse(await response.text());
    expect(ended).toMatchObject({ state: 'failed', failure: 'QUOTA_EXCEEDED', stored: rows.length });
    expect(await writesUsed(client)).toBe(rows.length + 60);
    await app.deps.db.account.update({ where: { id }, data: { writesUsed: 0 } });
    expect((await importAll(client, body, { key: 'half' })).ended).toMatchObject({ state: 'done', stored: 250 });
    expect(await textsOf(client)).toHaveLength(250);
  });

  it.each<[string, Body, SendOptions, object]>([
    ['that is too long', 'x'.repeat(MAX_IMPORT + 1), {}, { status: 413, code: 'BODY_TOO_LARGE' }],
    [
      'that says it is too long',
      '{}',
      { headers: { 'content-length': '999999' } },
      { status: 413, code: 'BODY_TOO_LARGE' },
    ],
    [
      'that is packed',
      '{}',
      { headers: { 'content-encoding': 'gzip' } },
      { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
    ],
    ['of an id that is none', '{}', { query: '?import_id=xyzzy' }, { status: 422, field: 'import_id' }],
    [
      'of an id and a key',
      '{}',
      { key: 'k', query: '?import_id=00000000-0000-4000-8000-000000000000' },
      { status: 422, field: 'import_id' },
    ],
    ['of a blank key', '{}', { query: '', key: ' ' }, { status: 422, field: 'Idempotency-Key' }],
    ['of a tenant that is none', '{}', { query: `?tenant_id=${'x'.repeat(129)}` }, { status: 422, field: 'tenant_id' }],
    ['without a key of the account', '{}', { headers: { authorization: 'Bearer aurra_x' } }, { status: 401 }],
  ])('%s', async (_what, body, options, expected) => {
    const client = await app.newClient();
    expect(await refusal(client, body, options)).toMatchObject(expected);
    expect(await app.deps.db.memoryImport.count({ where: { accountId: client.caller.accountId } })).toBe(0);
  });

  it('when its body breaks off: nothing was stored', async () => {
    const client = await app.newClient();
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        sent++ === 0 ? controller.enqueue(Buffer.from(numbered(5))) : controller.error(new Error('gone')),
    });
    expect((await send(client, body)).status).toBe(500);
    expect(await writesUsed(client)).toBe(0);
  });

  it('never for having no rows: there is nothing to do', async () => {
    const client = await app.newClient();
    expect((await importAll(client, '\n\n')).ended).toMatchObject({ state: 'done', rows_total: 0, stored: 0 });
  });
});

describe('the progress of an import', () => {
  interface Progress {
    importProgress: { state: string; rowsDone: number; rowsTotal: number; stored: number };
  }
  const PROGRESS = 'subscription ($id: ID!) { importProgress(id: $id) { state rowsDone rowsTotal stored } }';

  it('is told as it stands, then as it moves, and ends when it is done', async () => {
    const client = await app.newClient();
    const socket = openSocket(await app.listen(), client.key);
    try {
      const importing = await readOneBatch(await send(client, numbered(700), { key: 'followed' }));
      const { id } = await app.deps.db.memoryImport.findFirstOrThrow({ where: { key: 'followed' } });
      const feed = socket.run<Progress>(PROGRESS, { id });
      await vi.waitUntil(() => feed.results.length > 0, { timeout: 20_000 });
      await importing.rest();
      await feed.ended();
      const told = feed.results.map(({ data }) => data?.importProgress);
      expect(told[0]).toMatchObject({ state: 'RUNNING', rowsTotal: 700 });
      expect(told.at(-1)).toEqual({ state: 'DONE', rowsDone: 700, rowsTotal: 700, stored: 700 });
      const done = told.map((progress) => progress?.rowsDone ?? NaN);
      expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));

      const after = socket.run<Progress>(PROGRESS, { id });
      await after.ended();
      expect(after.results.map(({ data }) => data?.importProgress.state)).toEqual(['DONE']);
      const unknown = socket.run(PROGRESS, { id: '00000000-0000-4000-8000-000000000000' });
      await unknown.ended();
      expect(unknown.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'id' } }]);
    } finally {
      await socket.dispose();
    }
  });
});

/** What two accounts show alike: their own ids, cursors and times taken out. */
function blurred(value: unknown, client: Client): unknown {
  const text = JSON.stringify(value).replaceAll(client.caller.accountId, 'account');
  const ids = new Map<string, string>();
  const blur = (id: string): string => ids.get(id) ?? (ids.set(id, `id ${ids.size}`), ids.get(id) ?? '');
  const today = new Date().toISOString().slice(0, 10);
  return JSON.parse(
    text
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, blur)
      .replace(new RegExp(`${today}T[\\d:.]+\\+00:00`, 'g'), 'today'),
  );
}

const eventsOf = async (client: Client) =>
  (
    await app.deps.db.memoryEvent.findMany({ where: { accountId: client.caller.accountId }, orderBy: { seq: 'asc' } })
  ).map(({ seq, kind, tenantId, topic, source, verdict, reason, details }) => ({
    seq,
    kind,
    tenantId,
    topic,
    source,
    verdict,
    reason,
    details,
  }));
