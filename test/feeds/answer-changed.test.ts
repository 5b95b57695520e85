import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSocket, type Operation, type Socket } from '../support/feed.js';
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
const ADD =
  'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { memories { id } } }';
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

function follow(input: object = {}, key = client.key): Operation<Feed> {
  const socket = openSocket(url, key);
  sockets.push(socket);
  return socket.run<Feed>(FEED, { input: { question: 'Where does Alice live?', ...input } });
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

  const berlin = (): Promise<string> => add('Alice lives in Berlin');
  it.each<[string, (id: string) => Promise<unknown>, string, string | null, string, string | null]>([
    ['is replaced', () => add('Alice lives in Paris'), 'SUPERSEDED', 'SUPERSEDED', 'Alice lives in Paris.', 'SUPERSEDED'],
    [
      'is retracted',
      (memoryId) => run('retractMemory', { memoryId, reason: 'a mistake' }),
      'RETRACTED',
      'RETRACTED',
      "I don't know.",
      'RETRACTED',
    ],
    [
      'is given an end',
      (memoryId) => run('supersedeMemory', { memoryId, validTo: later(-1) }),
      'EXPIRED',
      'EXPIRED',
      "I don't know.",
      'EXPIRED',
    ],
    [
      'comes to an end that was announced',
      async (memoryId) => {
        await run('supersedeMemory', { memoryId, validTo: later(HOUR) });
        pass(2 * HOUR);
      },
      'EXPIRED',
      null,
      "I don't know.",
      'EXPIRED',
    ],
    ['is deleted', (memoryId) => run('deleteMemories', { memoryId }), 'DELETED', 'DELETED', "I don't know.", null],
  ])('is answered again when what it cites %s', async (_what, act, reason, cause, text, state) => {
    await add('The office has a green door');
    const id = await berlin().then(async (made) => {
      await run('supersedeMemory', { memoryId: await add('Alice lives in Rome', { validFrom: later(-HOUR) }), validTo: later(-1) }).catch(() => undefined);
      return made;
    });
    const feed = follow();
    await received(feed, 1);
    await act(id);
    const change = await received(feed, 2);
    expect(change).toMatchObject({
      isFirst: false,
      reason,
      cause: cause && { kind: cause },
      answer: { text },
      went: [{ memoryId: id, reason, memory: state && { text: 'Alice lives in Berlin', state } }],
    });
    expect(JSON.stringify(change)).not.toContain(state === null ? 'Berlin' : 'Rome');
  });
});
