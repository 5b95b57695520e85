import { mkdtempSync, rmSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { request, type ClientRequest } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type ServerProcess } from '../support/server-process.js';

const MIB = 1 << 20;
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-memory-'));
let server: ServerProcess;
let key: string;

beforeAll(async () => {
  server = await startServer(
    { PALIMPSEST_DATA_DIR: path.join(folder, 'data') },
    { nodeOptions: ['--max-old-space-size=160'] },
  );
  key = await server.key();
}, 240_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

interface Answer {
  status: number;
  text: string;
}

/** A request whose body is sent by and by; its answer, or status 0 where the connection broke. */
function open(method: string, at: string, length: number): { outgoing: ClientRequest; answer: Promise<Answer> } {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(length > 0 && { 'content-type': 'application/json', 'content-length': length }),
  };
  const outgoing = request(new URL(at, server.url), { method, headers, agent: false });
  const answer = new Promise<Answer>((resolve) => {
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve({ status: 0, text }));
    });
    outgoing.on('error', () => resolve({ status: 0, text: '' }));
  });
  return { outgoing, answer };
}

function send(method: string, at: string, body?: object): Promise<Answer> {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
  const { outgoing, answer } = open(method, at, bytes.length);
  outgoing.end(bytes);
  return answer;
}

/** What the process holds of the machine's memory. */
const residentMib = (): number => {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
};

const countsOf = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe.skipIf(process.platform !== 'linux')('bodies that do not end, on many connections', () => {
  const CONNECTIONS = 300;

  it('are held up to a bound, and requests of a usual size are served meanwhile', async () => {
    const before = residentMib();
    // All but the last byte of a megabyte each: nobody can be known to send too much.
    const bodies = Array.from({ length: CONNECTIONS }, () => open('POST', '/agent/memories', MIB));
    const answers: Answer[] = [];
    for (const { outgoing, answer } of bodies) {
      void answer.then((one) => answers.push(one));
      outgoing.write(Buffer.alloc(MIB - 1, 0x20));
    }
    const deadline = Date.now() + 60_000;
    while (answers.length < CONNECTIONS - 70 && Date.now() < deadline) await pause(50);
    const refused = countsOf(answers);
    expect(Object.keys(refused).filter((status) => status !== '503' && status !== '0')).toEqual([]);
    expect(refused['503'] ?? 0).toBeGreaterThan(CONNECTIONS / 2);
    // What is on its way through sockets and the collector's own room beside the bound of 64 MiB.
    expect(residentMib() - before).toBeLessThan(230);
    expect((await send('POST', '/agent/memories', { content: 'The ferry leaves at eight.' })).status).toBe(200);
    for (const { outgoing } of bodies) outgoing.destroy();
    await Promise.all(bodies.map(({ answer }) => answer));
    const large = { messages: [{ role: 'user', content: ' '.repeat(90_000) + 'I have a cat.' }] };
    expect((await send('POST', '/agent/memories', large)).status).toBe(200); // there is room again
  }, 120_000);
});

describe('a flood of all that is dear, on a small heap', () => {
  it('is served or refused, and ends no process', async () => {
    const words = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ');
    const feeds = Array.from({ length: 100 }, () => open('GET', '/agent/events?after=0', 0));
    for (const { outgoing } of feeds) outgoing.end();
    const padding = 'x'.repeat(40_000);
    const asked = Array.from({ length: 400 }, (_, i): [string, string, object?] => {
      if (i % 5 === 0)
        return ['POST', '/agent/memories', { content: `Crate ${i} holds tiles. ${padding}`.slice(0, 49_000) }];
      if (i % 5 === 1) return ['POST', '/agent/query', { question: `${words} ${i}`.slice(0, 900) }];
      if (i % 5 === 2) return ['GET', '/agent/memories?limit=100&include_superseded=true'];
      if (i % 5 === 3)
        return [
          'POST',
          '/graphql',
          {
            query: `{ ${Array.from({ length: 20 }, (_, n) => `a${n}: memories(first: 100) { nodes { text } }`).join(' ')} }`,
          },
        ];
      return ['POST', '/agent/memories', { content: 'x'.repeat(900_000) }];
    });
    const answers = await Promise.all(asked.map((one) => send(...one)));
    const counts = countsOf(answers);
    const odd = Object.keys(counts).filter((status) => !['200', '400', '422', '429', '503', '504'].includes(status));
    expect([odd, counts, server.output().slice(-2_000)]).toEqual([[], counts, expect.any(String)]);
    for (const { outgoing } of feeds) outgoing.destroy();
    await Promise.all(feeds.map(({ answer }) => answer));
    expect(server.exitCode()).toBeUndefined();
    expect((await send('POST', '/agent/memories', { content: 'The ferry leaves at nine.' })).status).toBe(200);
    expect((await send('GET', '/ready')).status).toBe(200);
  }, 240_000);
});
