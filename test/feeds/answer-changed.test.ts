import { createClient as createSseClient } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSocket, Operation, type Socket } from '../support/feed.js';
import { dataOf, errorReply, startOpenAiServer, streamReply, type OpenAiServer } from '../support/openai-server.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { watchWaits } from '../support/waits.js';

const FEED = `subscription ($input: QueryInput!) { answerChanged(input: $input) {
  isFirst reason
  answer { text isAnswered }
  cause { kind cursor memory { text } before { text } }
  came { index isCited memory { text timeline { chainLength } } }
  went { memoryId reason memory { text state } }
} }`;
const ADD = 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { memories { id } } }';
const WAIT = { timeout: 20_000, interval: 10 };

interface Change {
  isFirst: boolean;
  reason: string | null;
  answer: { text: string; isAnswered: boolean };
  cause: { kind: string; memory: { text: string } | null; before: { text: string } | null } | null;
  came: { memory: { text: string; timeline: { chainLength: number } } }[];
  went: { memoryId: string; reason: string; memory: { text: string; state: string } | null }[];
}
interface Feed {
  answerChanged: Change;
}

let model: OpenAiServer;
let app: TestApp;
let url: string;
let client: Client;
let ahead = 0;
let waits: ReturnType<typeof watchWaits>;
const sockets: Socket[] = [];
const now = (): Date => new Date(Date.now() + ahead);

beforeAll(async () => {
  model = await startOpenAiServer();
  app = await startApp({ now, env: { PALIMPSEST_LLM_HOSTS: new URL(model.baseUrl).host } });
  waits = watchWaits(app.deps.wakeups);
  url = await app.listen();
});
afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => socket.dispose()));
});
afterAll(async () => {
  await app.close();
  await model.close();
});
beforeEach(async () => {
  client = await app.newClient({ autoSupersede: true });
});

const question = 'Where does Alice live?';
function follow(input: object = {}): Operation<Feed> {
  const socket = openSocket(url, client.key);
  sockets.push(socket);
  return socket.run<Feed>(FEED, { input: { question, ...input } });
}
function followOverSse(): Operation<Feed> {
  const headers = { Authorization: `Bearer ${client.key}` };
  const sse = createSseClient({ url: `${url}/graphql`, headers, retryAttempts: 0 });
  return new Operation<Feed>((sink) => sse.subscribe<Feed>({ query: FEED, variables: { input: { question } } }, sink));
}

const changesOf = (feed: Operation<Feed>): Change[] =>
  feed.results.flatMap(({ data, errors }) => {
    expect(errors).toBeUndefined();
    return data?.answerChanged ?? [];
  });
async function received(feed: Operation<Feed>, count: number): Promise<Change> {
  await vi.waitUntil(() => feed.results.length >= count || feed.isEnded, WAIT);
  expect(feed.errors).toBeUndefined();
  const change = changesOf(feed)[count - 1];
  if (!change) throw new Error(`only ${feed.results.length} came`);
  return change;
}

async function add(content: string, more: object = {}, to = client): Promise<string> {
  const { data, errors } = await to.graphql<{ addMemories: { memories: { id: string }[] } }>(ADD, {
    input: { content, ...more },
  });
  expect(errors).toBeUndefined();
  return data.addMemories.memories[0]?.id ?? '';
}
async function run(mutation: string, input: object): Promise<void> {
  const name = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const { errors } = await client.graphql(`mutation ($input: ${name}!) { ${mutation}(input: $input) { __typename } }`, {
    input,
  });
  expect(errors).toBeUndefined();
}
/** Time passes, and nothing else; who waits is woken, so that no test waits for as long as a reader would. */
function pass(ms: number): void {
  ahead += ms;
  app.deps.wakeups.wake(client.caller.accountId);
}
const HOUR = 3_600_000;
const later = (ms: number): string => new Date(now().getTime() + ms).toISOString();

describe('a standing question', () => {
  it('is answered at once, with citations', async () => {
    await add('Alice lives in Berlin');
    const first = await received(follow(), 1);
    expect(first).toMatchObject({
      isFirst: true,
      reason: null,
      cause: null,
      answer: { text: 'Alice lives in Berlin.', isAnswered: true },
      came: [{ index: 1, isCited: true, memory: { text: 'Alice lives in Berlin', timeline: { chainLength: 1 } } }],
      went: [],
    });
  });

  const unknown = "I don't know.";
  it.each<
    [
      string,
      (id: string) => Promise<unknown>,
      { reason: string; cause: object | null; text: string; state: string | null },
    ]
  >([
    [
      'is replaced',
      () => add('Alice lives in Paris'),
      {
        reason: 'SUPERSEDED',
        cause: {
          kind: 'SUPERSEDED',
          memory: { text: 'Alice lives in Paris' },
          before: { text: 'Alice lives in Berlin' },
        },
        text: 'Alice lives in Paris.',
        state: 'SUPERSEDED',
      },
    ],
    [
      'is retracted',
      (memoryId) => run('retractMemory', { memoryId, reason: 'a mistake' }),
      { reason: 'RETRACTED', cause: { kind: 'RETRACTED' }, text: unknown, state: 'RETRACTED' },
    ],
    [
      'is given an end',
      (memoryId) => run('supersedeMemory', { memoryId, validTo: later(0) }),
      { reason: 'EXPIRED', cause: { kind: 'EXPIRED' }, text: unknown, state: 'EXPIRED' },
    ],
    [
      'comes to an end that was announced',
      (memoryId) => run('supersedeMemory', { memoryId, validTo: later(HOUR) }).then(() => pass(2 * HOUR)),
      { reason: 'EXPIRED', cause: null, text: unknown, state: 'EXPIRED' },
    ],
    [
      'is deleted',
      (memoryId) => run('deleteMemories', { memoryId }),
      { reason: 'DELETED', cause: { kind: 'DELETED', memory: null }, text: unknown, state: null },
    ],
  ])('is answered again when what it cites %s', async (_what, act, { reason, cause, text, state }) => {
    await add('The office has a green door');
    const id = await add('Alice lives in Berlin');
    const feed = follow();
    await received(feed, 1);
    await act(id);
    const change = await received(feed, 2);
    const memory = state && { text: 'Alice lives in Berlin', state };
    expect(change).toMatchObject({
      isFirst: false,
      reason,
      cause,
      answer: { text },
      went: [{ memoryId: id, reason, memory }],
    });
    expect(change.came.map((one) => one.memory.text)).toEqual(text === unknown ? [] : ['Alice lives in Paris']);
    if (state === null) expect(JSON.stringify(change)).not.toContain('Berlin');
  });

  it('is answered again when all is deleted, and when something is known again', async () => {
    await add('Alice lives in Berlin');
    const feed = follow();
    await received(feed, 1);
    await run('deleteMemories', { allTenants: true });
    expect(await received(feed, 2)).toMatchObject({
      reason: 'DELETED',
      cause: { kind: 'DELETED' },
      answer: { text: 'No memories found for this company yet.', isAnswered: false },
    });
    await add('Alice lives in Rome');
    expect(await received(feed, 3)).toMatchObject({
      reason: 'JOINED',
      cause: { kind: 'CREATED' },
      answer: { text: 'Alice lives in Rome.', isAnswered: true },
      went: [],
    });
  });

  it('is answered again when a supersession behind it is undone', async () => {
    const memoryId = await add('Alice lives in Berlin');
    await add('Alice lives in Paris');
    const feed = follow();
    await received(feed, 1);
    await run('revertSupersession', { memoryId, reason: 'she came back' });
    expect(await received(feed, 2)).toMatchObject({
      reason: 'REVERTED',
      cause: { kind: 'REVERTED', memory: { text: 'Alice lives in Berlin' } },
      answer: { text: 'Alice lives in Berlin.' },
      went: [{ reason: 'REVERTED', memory: { text: 'Alice lives in Paris' } }],
    });
  });

  it('is answered again when a better memory joins, which replaces none', async () => {
    await add('Alice has a cat called Mog');
    const feed = follow();
    expect(await received(feed, 1)).toMatchObject({ answer: { isAnswered: false }, came: [] });
    await add('Alice lives in Berlin');
    expect(await received(feed, 2)).toMatchObject({
      reason: 'JOINED',
      cause: { kind: 'CREATED', memory: { text: 'Alice lives in Berlin' } },
      came: [{ memory: { text: 'Alice lives in Berlin' } }],
      went: [],
    });
  });

  it('says nothing of writes that change nothing about it: of its tenant, another one, another source or account', async () => {
    const stranger = await app.newClient({ autoSupersede: true });
    await add('Alice lives in Berlin', { source: 'crm' });
    const feed = follow({ sources: ['crm'] });
    await received(feed, 1);
    await add('The office has a green door', { source: 'crm' });
    await add('Alice has a cat called Mog', { source: 'crm' });
    await add('Alice lives in Oslo', { tenantId: 'other' });
    await add('Alice lives in Rome', {}, stranger);
    const gone = await add('Bob plays chess', { source: 'crm' });
    await run('deleteMemories', { memoryId: gone });
    await add('Alice lives in Paris', { source: 'crm' });
    expect(await received(feed, 2)).toMatchObject({ reason: 'SUPERSEDED', answer: { text: 'Alice lives in Paris.' } });
    // Of another source, it replaces what is cited all the same.
    await add('Alice lives in Madrid', { source: 'mail' });
    expect(await received(feed, 3)).toMatchObject({ reason: 'SUPERSEDED', answer: { isAnswered: false } });
    expect(feed.results).toHaveLength(3);
  });

  it('asks no more than six times a minute, and tells the last state of a burst', async () => {
    await add('Alice lives in Berlin');
    const feed = follow();
    await received(feed, 1);
    const cities = ['Paris', 'Rome', 'Madrid', 'Vienna', 'Oslo'];
    for (const [i, city] of cities.entries()) {
      await add(`Alice lives in ${city}`);
      expect(await received(feed, i + 2)).toMatchObject({ answer: { text: `Alice lives in ${city}.` } });
    }
    // One that has asked less hears what the first may not yet ask about.
    const fresh = follow();
    await received(fresh, 1);
    for (const [i, city] of ['Lisbon', 'Prague'].entries()) {
      await add(`Alice lives in ${city}`);
      await received(fresh, i + 2);
    }
    expect(feed.results).toHaveLength(6);
    pass(61_000);
    expect(await received(feed, 7)).toMatchObject({
      answer: { text: 'Alice lives in Prague.' },
      came: [{ memory: { text: 'Alice lives in Prague', timeline: { chainLength: 8 } } }],
      went: [{ memory: { text: 'Alice lives in Oslo' } }],
    });
  });

  it('asked alike by many, is looked up, explained and read once for all of them', async () => {
    await add('Alice lives in Berlin');
    const counts: number[] = [];
    for (const [city, many] of [
      ['Paris', 1],
      ['Rome', 8],
    ] as const) {
      const feeds = Array.from({ length: many }, () => follow());
      for (const feed of feeds) await received(feed, 1);
      const statements = await app.statementsOf(async () => {
        await add(`Alice lives in ${city}`);
        for (const feed of feeds) {
          expect(await received(feed, 2)).toMatchObject({
            reason: 'SUPERSEDED',
            answer: { text: `Alice lives in ${city}.` },
          });
        }
      });
      counts.push(statements.length);
      for (const feed of feeds) feed.stop();
      await vi.waitUntil(() => waits.count === 0, WAIT);
    }
    const [one = 0, eight = 0] = counts;
    expect(one).toBeGreaterThan(8); // it does count
    expect(eight - one).toBeLessThan(3); // a poll may fall into either
  });

  it('waits for nothing any more once its client left', async () => {
    await add('Alice lives in Berlin');
    await vi.waitUntil(() => waits.count === 0, WAIT);
    const feed = follow();
    await received(feed, 1);
    await vi.waitUntil(() => waits.count === 2, WAIT); // its own, and that of who reads the account's events
    feed.stop();
    await vi.waitUntil(() => waits.count === 0, WAIT);
    await add('Alice lives in Paris');
    expect(feed.results).toHaveLength(1);
  });

  it('stands over SSE as well, until its client leaves', async () => {
    await add('Alice lives in Berlin');
    await vi.waitUntil(() => waits.count === 0, WAIT);
    const feed = followOverSse();
    await received(feed, 1);
    await add('Alice lives in Paris');
    expect(await received(feed, 2)).toMatchObject({ reason: 'SUPERSEDED', answer: { text: 'Alice lives in Paris.' } });
    feed.stop();
    await vi.waitUntil(() => waits.count === 0, WAIT);
  });

  it('is refused as the mutation refuses it', async () => {
    const feed = follow({ limit: 0 });
    await feed.ended();
    expect(feed.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'limit' } }]);
  });
});

describe('a standing question to a model', () => {
  const llm = () => ({ provider: 'openai', model: 'gpt-test', apiKey: 'sk-caller-0123456789', baseUrl: model.baseUrl });
  const says = (answer: string) => streamReply(JSON.stringify({ answer, is_answered: true }));
  const followModel = (input: object = {}): Operation<Feed> => follow({ ...input, llm: llm() });

  it('costs a call for what may change the answer, and none for what can not', async () => {
    await add('Alice lives in Berlin');
    model.script(says('In Berlin [mem-1].'));
    const feed = followModel();
    await received(feed, 1);
    for (const content of ['The office has a green door', 'Bob plays chess']) await add(content);
    model.script(says('In Paris [mem-1].'));
    await add('Alice lives in Paris');
    expect(await received(feed, 2)).toMatchObject({ reason: 'SUPERSEDED', answer: { text: 'In Paris.' } });
    expect(model.requests).toHaveLength(1);
    const { memories } = dataOf(model.requests[0] as never) as { memories: { text: string }[] };
    expect(memories[0]).toMatchObject({ text: 'Alice lives in Paris' });
  });

  it('costs one call for all who ask alike', async () => {
    await add('Alice lives in Berlin');
    const feeds: Operation<Feed>[] = [];
    for (let i = 0; i < 3; i++) {
      model.script(says('In Berlin [mem-1].'));
      feeds.push(followModel());
      await received(feeds[i] as Operation<Feed>, 1);
    }
    model.script(says('In Paris [mem-1].'));
    await add('Alice lives in Paris');
    for (const feed of feeds) expect(await received(feed, 2)).toMatchObject({ answer: { text: 'In Paris.' } });
    expect(model.requests).toHaveLength(1);
  });

  it('is not told again where the model only puts it in other words', async () => {
    await add('Alice lives in Berlin');
    model.script(says('In Berlin [mem-1].'));
    const feed = followModel();
    await received(feed, 1);
    model.script(says('Berlin is where she lives [mem-1].'));
    await add('Alice lived in Berlin for a long time, says Bob');
    await vi.waitUntil(() => model.requests.length === 1, WAIT);
    model.script(says('In Paris [mem-1].'));
    await add('Alice lives in Paris');
    expect(await received(feed, 2)).toMatchObject({ answer: { text: 'In Paris.' } });
  });

  it('is answered again when a memory that was known begins to be valid', async () => {
    await add('Alice lives in Berlin');
    await add('Alice will live in Paris', { validFrom: later(HOUR) });
    const citing = (part: string) => (request: Parameters<typeof dataOf>[0]) => {
      const { memories } = dataOf(request) as { memories: { text: string; cite_as: string }[] };
      return says(`In ${part} ${memories.find(({ text }) => text.includes(part))?.cite_as ?? ''}.`);
    };
    model.script(citing('Berlin'));
    const feed = followModel();
    expect(await received(feed, 1)).toMatchObject({ answer: { text: 'In Berlin.' } });
    model.script(citing('Paris'));
    pass(2 * HOUR);
    expect(await received(feed, 2)).toMatchObject({
      reason: 'BEGAN',
      cause: null,
      answer: { text: 'In Paris.' },
      went: [{ reason: 'BEGAN', memory: { text: 'Alice lives in Berlin', state: 'CURRENT' } }],
    });
  });

  it('survives a model that is down for a while, in silence, and ends with one that refuses the key', async () => {
    await add('Alice lives in Berlin');
    model.script(says('In Berlin [mem-1].'));
    const feed = followModel();
    await received(feed, 1);
    model.script(errorReply(429));
    await add('Alice lives in Paris');
    await vi.waitUntil(() => model.requests.length > 0, WAIT);
    model.script(says('In Paris [mem-1].'));
    pass(61_000);
    expect(await received(feed, 2)).toMatchObject({ reason: 'SUPERSEDED', answer: { text: 'In Paris.' } });
    model.script(errorReply(401));
    await add('Alice lives in Rome');
    await feed.ended();
    expect(feed.errors).toMatchObject([{ extensions: { code: 'LLM_KEY_REFUSED', provider: 'openai' } }]);
  });

  it('fails at once where there is no first answer', async () => {
    await add('Alice lives in Berlin');
    model.script(errorReply(429));
    const feed = followModel();
    await feed.ended();
    expect(feed.errors).toMatchObject([{ extensions: { code: 'LLM_RATE_LIMITED' } }]);
  });
});
