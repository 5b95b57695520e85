// Writers and subscribers for benches in which servers and databases come and go: foreign clients, as a user would have them.
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const QUERY = `subscription ($after: Cursor) { memoryEvents(after: $after, kinds: [CREATED]) {
  ... on MemoryEvent { cursor memory { id } } } }`;
const ANSWER_MS = 30_000;

export interface Told {
  cursor: string;
  id: string;
  /** On this process' clock. */
  at: number;
}

/** What became of a load so far. */
export interface Tally {
  acknowledged: Set<string>;
  /** Per subscriber, in the order of arrival. */
  told: Told[][];
  /** Answers to writes that were neither success nor an outage that says so, and how often. */
  strange: Map<string, number>;
  /** Writes that were not answered with success. */
  failures: Map<string, number>;
  /** Errors that subscribers were told, after which they had to ask again themselves. */
  interruptions: string[];
  /** From the end of each connection until its subscriber was told something again. */
  resumedAfterMs: number[];
}

export interface Load extends Tally {
  /** Ends writers, waits for what they have under way. */
  stopWriting(): Promise<void>;
  stopFollowing(): void;
}

interface LoadOptions {
  /** Of servers that know `key`; who can not reach one takes the next. */
  urls: readonly string[];
  key: string;
  writers: number;
  subscribers: number;
}

const count = (counts: Map<string, number>, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);

/** Begins to write and to follow, until it is stopped. */
export function startLoad({ urls, key, writers, subscribers }: LoadOptions): Load {
  const isOver = new AbortController();
  const tally: Tally = {
    acknowledged: new Set(),
    told: Array.from({ length: subscribers }, () => []),
    strange: new Map(),
    failures: new Map(),
    interruptions: [],
    resumedAfterMs: [],
  };
  const stops = tally.told.map((told, n) => follow(urls, key, n, told, tally));
  const writing = Array.from({ length: writers }, (_, n) => write(urls, key, n, tally, isOver.signal));
  return {
    ...tally,
    stopWriting: async () => {
      isOver.abort();
      await Promise.all(writing);
    },
    stopFollowing: () => stops.forEach((stop) => stop()),
  };
}

/** Half of the writers note something new each time, the other half replace what they said before. */
const contentOf = (writer: number, i: number): object =>
  writer % 2 === 0
    ? { content: `Writer ${writer} made note ${i} at ${Date.now()}`, auto_supersede: false }
    : { content: `The deployment limit of team ${writer} is ${Date.now()} requests`, auto_supersede: true };

async function write(
  urls: readonly string[],
  key: string,
  writer: number,
  { acknowledged, strange, failures }: Tally,
  over: AbortSignal,
): Promise<void> {
  for (let i = 0; !over.aborted; i++) {
    try {
      const response = await fetch(`${urls[(writer + i) % urls.length] ?? ''}/agent/memories`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...contentOf(writer, i), tenant_id: `tenant-${writer % 4}` }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const { memory_id: id, code } = (await response.json()) as { memory_id?: string; code?: string };
      if (response.status === 200 && id !== undefined) acknowledged.add(id);
      else count(failures, `${response.status} ${code ?? ''}`);
      if (response.status !== 200 && response.status !== 503) count(strange, `${response.status} ${code ?? ''}`);
      if (response.status === 503) await pause(50);
    } catch (error) {
      const { name, cause } = error as Error;
      count(
        failures,
        name === 'TimeoutError' ? 'no answer' : ((cause as NodeJS.ErrnoException | undefined)?.code ?? name),
      );
      if (name === 'TimeoutError') count(strange, 'no answer');
      await pause(50); // not acknowledged: the node is gone
    }
  }
}

/** Follows from the beginning, on whichever node there is. The client comes back and resumes by itself; who is told an error asks again. */
function follow(
  urls: readonly string[],
  key: string,
  n: number,
  told: Told[],
  { interruptions, resumedAfterMs }: Pick<Tally, 'interruptions' | 'resumedAfterMs'>,
): () => void {
  let turn = n;
  let isStopped = false;
  let closedAt: number | undefined;
  const client = createClient({
    url: () => `${(urls[turn++ % urls.length] ?? '').replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${key}` },
    retryAttempts: Infinity,
    retryWait: () => pause(50 + Math.random() * 100),
    shouldRetry: () => true,
    on: { closed: () => (closedAt ??= performance.now()) },
  });
  const variables = { after: '0' };
  const subscribe = (): void => {
    const again = (why: string): void => {
      if (isStopped) return;
      interruptions.push(why);
      setTimeout(subscribe, 100);
    };
    const leave = client.subscribe<{ memoryEvents: { cursor?: string; memory: { id: string } } }>(
      { query: QUERY, variables },
      {
        next: ({ data, errors }) => {
          if (errors) {
            leave();
            return again(`a result with ${JSON.stringify(errors)}`);
          }
          if (closedAt !== undefined) resumedAfterMs.push(performance.now() - closedAt);
          closedAt = undefined;
          const { cursor, memory } = data?.memoryEvents ?? {};
          if (cursor === undefined || !memory) return;
          variables.after = cursor;
          told.push({ cursor, id: memory.id, at: performance.now() });
        },
        error: (error) => {
          again(
            error instanceof Error || Array.isArray(error)
              ? JSON.stringify(error)
              : `closed with ${String((error as { code?: number }).code)}`,
          );
        },
        complete: () => undefined,
      },
    );
  };
  subscribe();
  return () => {
    isStopped = true;
    void client.dispose();
  };
}

export interface Verdict {
  lost: number;
  duplicated: number;
  /** How many different orders subscribers were told; Infinity if one went back. */
  orders: number;
}

/** Whether every subscriber was told everything once, in one order. */
export function judge({ acknowledged, told }: Pick<Tally, 'acknowledged' | 'told'>): Verdict {
  let [lost, duplicated] = [0, 0];
  for (const one of told) {
    const ids = new Set(one.map(({ id }) => id));
    duplicated += one.length - ids.size;
    lost += [...acknowledged].filter((id) => !ids.has(id)).length;
  }
  const length = Math.min(...told.map((one) => one.length));
  const orders = new Set(told.map((one) => JSON.stringify(one.slice(0, length).map(({ id }) => id)))).size;
  const isRising = told.every((one) =>
    one.every(({ cursor }, i) => i === 0 || BigInt(cursor) > BigInt(one[i - 1]?.cursor ?? 0)),
  );
  return { lost, duplicated, orders: isRising ? orders : Infinity };
}
