import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMemories } from '../../../src/core/add-memories.js';
import type { Caller } from '../../../src/core/deps.js';
import { listVersions } from '../../../src/core/get-timeline.js';
import { createClock } from '../../support/clock.js';
import { startApp, type TestApp } from '../../support/start-app.js';
import { accountsOf } from './accounts.js';
import { sequences } from './commands.js';
import { START, World } from './world.js';

/** How many sequences; CI sets 5000. PROPERTY_SEED (and PROPERTY_PATH) repeat a failure, as it prints them. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 150);
const SEED = process.env['PROPERTY_SEED'];
const PATH = process.env['PROPERTY_PATH'];
const chosen = { ...(SEED === undefined ? {} : { seed: Number(SEED) }), ...(PATH === undefined ? {} : { path: PATH }) };

const clock = createClock(new Date(START).toISOString());
let app: TestApp;
let newAccount: () => Promise<Caller>;
let foreign: string;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
  newAccount = accountsOf(app.deps, new Date(START));
  const stranger = await addMemories(app.deps, await newAccount(), { content: 'Of another account.' });
  foreign = stranger.drafts[0]?.memoryId ?? '';
});
afterAll(() => app.close());

describe('whatever is written, in whatever order', () => {
  it(
    'every cell of time reads as in a model that keeps every state',
    async () => {
      let commands = 0;
      const began = performance.now();
      await fc.assert(
        fc.asyncProperty(sequences, async (sequence) => {
          const world = new World(app.deps, await newAccount(), clock, foreign);
          for (const command of sequence) await world.run(command);
          await world.finish();
          commands += sequence.length;
        }),
        { numRuns: RUNS, ...chosen },
      );
      const seconds = (performance.now() - began) / 1000;
      console.log(
        `${RUNS} sequences, ${commands} commands, ${seconds.toFixed(1)} s: ${(RUNS / seconds).toFixed(1)} sequences/s`,
      );
    },
    60_000 + RUNS * 1_000,
  );

  it(
    'the windows of a fact do not depend on the order in which its versions arrive',
    async () => {
      const facts = fc.uniqueArray(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 2, maxLength: 6 });
      const arrivals = facts.chain((days) =>
        fc.tuple(
          fc.shuffledSubarray(days, { minLength: days.length }),
          fc.array(fc.nat(), { minLength: days.length, maxLength: days.length }),
        ),
      );
      await fc.assert(
        fc.asyncProperty(arrivals, async ([days, anchors]) => {
          clock.set(new Date(START).toISOString());
          const caller = await newAccount();
          const ids: string[] = [];
          for (const [i, day] of days.entries()) {
            const supersedes = ids[(anchors[i] ?? 0) % Math.max(1, ids.length)];
            const validFrom = new Date(START + day * 86_400_000);
            const { drafts } = await addMemories(app.deps, caller, { content: `fact ${day}`, validFrom, supersedes });
            ids.push(drafts[0]?.memoryId ?? '');
          }
          const memories = await listVersions(app.deps, caller, { memoryId: ids.at(-1) });
          const sorted = [...days].sort((a, b) => a - b);
          const dayOf = (instant: Date | null): number | null => instant && (instant.getTime() - START) / 86_400_000;
          const shown = memories.map(({ text, validFrom, validTo }) => [text, dayOf(validFrom), dayOf(validTo)]);
          expect(shown).toEqual(sorted.map((day, i) => [`fact ${day}`, day, sorted[i + 1] ?? null]));
          const links = memories.map(({ supersededById }) => memories.find(({ id }) => id === supersededById)?.text);
          expect(links).toEqual(
            sorted.map((_day, i) => (i + 1 < sorted.length ? `fact ${sorted[i + 1] ?? ''}` : undefined)),
          );
          expect(memories.filter(({ knownTo }) => knownTo === null).map(({ text }) => text)).toEqual([
            `fact ${sorted.at(-1) ?? ''}`,
          ]);
        }),
        { numRuns: Math.ceil(RUNS / 5), ...(PATH === undefined ? chosen : {}) },
      );
    },
    60_000 + RUNS * 1_000,
  );
});
