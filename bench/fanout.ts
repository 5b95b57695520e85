// How many deliveries a second does one server make, and what does a subscriber cost while nothing happens?
// 1,000 subscribers of one account follow memoryEvents on a socket each; one write brings 200 facts, so 200 events in one
// commit; counted from the first delivery to the last, by the clock and by the CPU of the server's main thread, which is what one
// core could do at most where others share the machine. Beside it the plain recipe: graphql-ws over `ws` with an in-process
// publish/subscribe, the same document, the same number of messages, no database. Then 5,000 more subscribers that wait.
// The servers are processes of their own; all subscribers are in this one.
// Run: npm run build && npx tsx bench/fanout.ts [subscribers] [events] [idle]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { startBuilt } from './server.js';
import { subscribe, subscribeAll, type Subscriber } from './sockets.js';

const QUERY = `subscription { memoryEvents { __typename ... on FeedOpened { cursor } ... on MemoryEvent {
  cursor kind at cause { apiKeyName source } memory { id text topic validFrom state } before { id text }
} } }`;

const number = (position: number, otherwise: number): number => Number(process.argv[position] ?? otherwise);

/** The recipe of the library's documentation, with a queue per subscriber. */
async function servePlain(): Promise<void> {
  const schema = buildSchema(`
    type Subscription { memoryEvents: Item! }
    union Item = FeedOpened | MemoryEvent
    type FeedOpened { cursor: String! }
    type MemoryEvent { cursor: String! kind: String! at: String! cause: Cause! memory: Memory before: Memory }
    type Cause { apiKeyName: String! source: String }
    type Memory { id: ID! text: String! topic: String! validFrom: String! state: String! }
    type Query { none: Int }`);
  const queues = new Set<(event: object) => void>();
  async function* memoryEvents() {
    const waiting: object[] = [{ __typename: 'FeedOpened', cursor: '0' }];
    let wake: () => void = () => undefined;
    queues.add((event) => {
      waiting.push(event);
      wake();
    });
    for (;;) {
      for (const event of waiting.splice(0)) yield { memoryEvents: event };
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const server = http.createServer();
  useServer({ schema, roots: { subscription: { memoryEvents } } }, new WebSocketServer({ server, path: '/graphql' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', (events: number) => {
    for (let n = 1; n <= events; n++) {
      const text = `The deployment limit of service ${n} is ${n} requests.`;
      const memory = { id: `${n}`, text, topic: 'General', validFrom: '2026-01-01T00:00:00.000Z', state: 'CURRENT' };
      const cause = { apiKeyName: 'first-run', source: 'agent_session' };
      const event = { cursor: `${n}`, kind: 'CREATED', at: '2026-01-01T00:00:00.000Z', cause, memory, before: null };
      queues.forEach((publish) => publish({ __typename: 'MemoryEvent', ...event }));
    }
  });
  process.send?.((server.address() as AddressInfo).port);
}

interface Timing {
  first: number;
  last: number;
  /** What the server had taken of its CPU by the first delivery, in seconds. */
  cpu: number;
}

interface Rate {
  events: number;
  /** Deliveries a second, from the first to the last of them. */
  rate: number;
  /** For each second of CPU of the server's main thread. */
  perCpu: number;
}

async function deliver(
  pid: number,
  count: number,
  make: (timing: Timing) => Promise<Subscriber>,
  publish: () => Promise<number> | number,
): Promise<Rate> {
  const timing = { first: Infinity, last: 0, cpu: 0 };
  const subscribers = await subscribeAll(count, () => make(timing));
  const events = await publish();
  const deadline = performance.now() + 120_000;
  while (subscribers.some((one) => one.events < events)) {
    if (performance.now() > deadline) throw new Error('some were not told everything');
    await pause(5);
  }
  const cpu = mainThreadSeconds(pid) - timing.cpu;
  for (const { socket } of subscribers) socket.terminate();
  const deliveries = count * events;
  return { events, rate: (deliveries * 1_000) / (timing.last - timing.first), perCpu: deliveries / cpu };
}

const watch =
  (pid: number, timing: Timing) =>
  (_frame: string, at: number): void => {
    if (timing.first === Infinity) Object.assign(timing, { first: at, cpu: mainThreadSeconds(pid) });
    timing.last = at;
  };

/** In hundredths, which is how Linux counts. */
function mainThreadSeconds(pid: number): number {
  const [user, system] =
    readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11) ?? [];
  return (Number(user) + Number(system)) / 100;
}

const residentKb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

const said = ({ rate, perCpu }: Rate): string =>
  `${Math.round(rate)} deliveries/s (${Math.round(perCpu)} a second of CPU)`;

async function measure(): Promise<void> {
  const [count, wanted, idle] = [number(2, 1_000), number(3, 200), number(4, 5_000)];
  const plain = fork(import.meta.filename, ['plain'], { execArgv: process.execArgv });
  const [port] = (await once(plain, 'message')) as [number];
  const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-fanout-'));
  const server = await startBuilt(folder, { PALIMPSEST_MAX_SUBSCRIPTIONS: '100000' });
  const { key = '' } = server;
  let round = 0;
  const write = async (): Promise<number> => {
    const name = `service${++round}`;
    const facts = Array.from({ length: wanted }, (_, n) => `I bought a bicycle of model ${name}x${n} in Berlin.`);
    const response = await fetch(`${server.url}/agent/memories`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: facts.join(' ') }], auto_supersede: false }),
    });
    return ((await response.json()) as { saved_count: number }).saved_count;
  };
  try {
    for (let i = 1; i <= 3; i++) {
      const { pid } = server;
      const ours = await deliver(pid, count, (timing) => subscribe(server.url, key, QUERY, watch(pid, timing)), write);
      const plainPid = plain.pid ?? 0;
      const theirs = await deliver(
        plainPid,
        count,
        (timing) => subscribe(`http://127.0.0.1:${port}`, key, QUERY, watch(plainPid, timing)),
        () => {
          plain.send(wanted);
          return wanted;
        },
      );
      console.log(
        `round ${i}: ${count} subscribers x ${ours.events} events: ${said(ours)}; plain recipe ${said(theirs)}; ` +
          `ratio ${(ours.rate / theirs.rate).toFixed(2)}`,
      );
    }
    await pause(3_000);
    const before = residentKb(server.pid);
    const waiting = await subscribeAll(idle, () => subscribe(server.url, key, QUERY));
    await pause(1_000);
    const perSocket = (residentKb(server.pid) - before) / idle;
    console.log(
      `${idle} idle subscribers: ${perSocket.toFixed(1)} KB each (of ${Math.round(before / 1_024)} MB before)`,
    );
    for (const { socket } of waiting) socket.terminate();
  } finally {
    plain.kill();
    await server.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
}

await (process.argv[2] === 'plain' ? servePlain() : measure());
