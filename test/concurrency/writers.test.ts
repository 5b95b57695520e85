import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { addMemories, type AddMemoriesInput } from '../../src/core/add-memories.js';
import { authenticate } from '../../src/core/authenticate.js';
import type { Caller, Deps } from '../../src/core/deps.js';
import { retractMemory } from '../../src/core/retract-memory.js';
import { revertSupersession } from '../../src/core/revert-supersession.js';
import { supersedeMemory } from '../../src/core/supersede-memory.js';
import { AppError } from '../../src/errors.js';
import { freshDatabase } from '../support/start-app.js';

// 16 writers on one account, through several nodes on a real PostgreSQL or one on the embedded one, for as long as
// CONCURRENCY_SECONDS says. While they run, and after, the database itself is asked whether it is in order.

const SECONDS = Number(process.env['CONCURRENCY_SECONDS'] ?? 3);
const SEED = Number(process.env['CONCURRENCY_SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 16;
const NODES = inject('testDatabaseUrl') === '' ? 1 : 4;
const QUOTA = 100;
const SAMPLE_MS = 100;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let nodes: App[];

beforeAll(async () => {
  database = await freshDatabase();
  const config = readConfig({ PORT: '0', PALIMPSEST_STARTER_WRITES: String(QUOTA), ...database.env });
  const options = { snapshot: inject('snapshot'), otherwise: 'SYSTEM' } as const;
  nodes = await Promise.all(Array.from({ length: NODES }, () => createApp(config, pino({ level: 'silent' }), options)));
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await database.drop();
});

/** The node that a writer is connected to. */
function depsOf(writer: number): Deps {
  const node = nodes[writer % nodes.length];
  if (!node) throw new Error('no nodes');
  return node.deps;
}

async function newCaller(plan: 'starter' | 'pro'): Promise<Caller> {
  const { id } = await createAccount(depsOf(0), { name: 'concurrency', plan });
  const { key } = await createApiKey(depsOf(0), { name: 'writer', accountId: id });
  return authenticate(depsOf(0), `Bearer ${key}`);
}

/** A random number generator whose runs can be repeated (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Names of towns that nobody used before. */
function townNames(): () => string {
  let count = 0;
  return () => {
    const letters = [...(count++).toString(26)].map((digit) => String.fromCharCode(97 + parseInt(digit, 26)));
    return `New${letters.join('')}ville`;
  };
}

/** What writers know: only what was acknowledged to them. */
class Acknowledged {
  readonly memoryIds: string[] = [];
  readonly answers = new Map<string, number>();
  readonly failures: unknown[] = [];
  /** Versions of each fact, oldest first. */
  readonly versions = new Map<string, string[]>();

  constructor(readonly caller: Caller) {}

  /** `verb` was answered so; a conflict is an answer where it is expected. */
  async count(verb: string, mayConflict: boolean, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#add(verb);
    } catch (error) {
      if (mayConflict && error instanceof AppError && error.code === 'CONFLICT') this.#add(`${verb}: conflict`);
      else this.failures.push(error);
    }
  }

  async write(deps: Deps, input: Partial<AddMemoriesInput>): Promise<{ id: string; validFrom: Date }> {
    const { readMemories } = await addMemories(deps, this.caller, input);
    const memories = await readMemories();
    const [memory] = memories;
    if (!memory || memories.length !== 1) throw new Error(`${memories.length} memories of one write`);
    this.memoryIds.push(memory.id);
    return memory;
  }

  knows(fact: string, id: string): void {
    this.versions.set(fact, [...(this.versions.get(fact) ?? []), id]);
  }

  #add(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }
}

interface Turn {
  deps: Deps;
  fact: string;
  random: () => number;
  town: string;
}

type Verb = (known: Acknowledged, turn: Turn) => Promise<void>;

const START = Date.UTC(2020, 0, 1);

/** Any version of the fact, in whatever state. */
const versionOf = (known: Acknowledged, { fact, random }: Turn): string => {
  const ids = known.versions.get(fact) ?? [];
  return ids[Math.floor(random() * ids.length)] ?? '';
};

/** The version of the fact that was current a moment ago. */
async function currentVersionOf(known: Acknowledged, { deps, fact }: Turn): Promise<string | undefined> {
  const { accountId } = known.caller;
  const current = await deps.db.memory.findMany({ where: { accountId, tenantId: fact, knownTo: null } });
  return current.find(({ id }) => known.versions.get(fact)?.includes(id))?.id;
}

const content = ({ town }: Turn): string => `The office is in ${town}.`;

/** Content that the server itself finds to replace the current version. */
const contradict: Verb = (known, turn) =>
  known.count('auto-supersede', false, async () => {
    const { id } = await known.write(turn.deps, { content: content(turn), tenantId: turn.fact, autoSupersede: true });
    known.knows(turn.fact, id);
  });

/** A new version beside one that is named, from now on or, half of the time, from some day in the past. */
const replace: Verb = (known, turn) =>
  known.count('supersedes', false, async () => {
    const past = new Date(START + Math.floor(turn.random() * 6 * 365) * 86_400_000);
    const { id } = await known.write(turn.deps, {
      content: content(turn),
      tenantId: turn.fact,
      supersedes: versionOf(known, turn),
      ...(turn.random() < 0.5 ? { validFrom: past.toISOString() } : {}),
    });
    known.knows(turn.fact, id);
  });

/** A memory that is there already takes over from where it begins: two chains become one. */
const link: Verb = async (known, turn) => {
  const memoryId = (await currentVersionOf(known, turn)) ?? versionOf(known, turn);
  let successor: { id: string; validFrom: Date } | undefined;
  await known.count('content', false, async () => {
    successor = await known.write(turn.deps, { content: content(turn), tenantId: turn.fact });
  });
  if (!successor) return;
  const { id: supersededBy, validFrom } = successor;
  await known.count('supersedeMemory', true, async () => {
    await supersedeMemory(turn.deps, known.caller, { memoryId, supersededBy, validTo: validFrom.toISOString() });
    known.knows(turn.fact, supersededBy);
  });
};

const retract: Verb = (known, turn) =>
  known.count('retract', true, () =>
    retractMemory(turn.deps, known.caller, { memoryId: versionOf(known, turn), reason: 'a test' }),
  );

const revert: Verb = (known, turn) =>
  known.count('revert', true, async () => {
    const { memory } = await revertSupersession(turn.deps, known.caller, { memoryId: versionOf(known, turn) });
    known.memoryIds.push(memory.id);
    known.knows(turn.fact, memory.id);
  });

/** Lets the writers work until the time is up, and looks at the database meanwhile. */
async function run(caller: Caller, facts: readonly string[], verbs: readonly Verb[]) {
  const known = new Acknowledged(caller);
  const nextTown = townNames();
  for (const fact of facts) {
    const { id } = await known.write(depsOf(0), {
      content: `The office is in ${nextTown()}.`,
      tenantId: fact,
      validFrom: new Date(START).toISOString(),
    });
    known.knows(fact, id);
  }
  const deadline = Date.now() + SECONDS * 1_000;
  const samples: Sample[] = [];
  const look = async (): Promise<void> => {
    while (Date.now() < deadline) {
      samples.push(await sample(caller));
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  };
  const write = async (writer: number): Promise<void> => {
    const random = randomFrom(SEED + writer);
    const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
    while (Date.now() < deadline && known.failures.length === 0) {
      await oneOf(verbs)(known, { deps: depsOf(writer), fact: oneOf(facts), random, town: nextTown() });
    }
  };
  await Promise.all([look(), ...Array.from({ length: WRITERS }, (_, writer) => write(writer))]);
  const answers = [...known.answers].map(([answer, count]) => `${answer} ${count}`).sort();
  console.log(`${NODES} node(s), ${SECONDS} s, seed ${SEED}: ${answers.join(', ')}; ${samples.length} samples`);
  return { known, samples, end: await sample(caller) };
}

interface Sample {
  lastSeq: number;
  events: number;
  highest: number;
  writesUsed: number;
  memories: number;
  /** Chains with several current versions. */
  forked: number;
  /** Chains with none although their newest version was not retracted. */
  headless: number;
  /** Versions that begin before an earlier version of their chain ends. */
  overlaps: number;
}

/** One statement, and so one state of the database. */
async function sample({ accountId }: Caller): Promise<Sample> {
  const [row] = await depsOf(0).db.$queryRaw<[Sample]>`
    WITH mine AS MATERIALIZED (SELECT * FROM memories WHERE account_id = ${accountId}::uuid),
    chain AS (
      SELECT count(*) FILTER (WHERE known_to IS NULL) AS current,
             count(*) FILTER (WHERE retracted_at IS NOT NULL) AS retracted
      FROM mine GROUP BY chain_id
    ), placed AS (
      SELECT valid_from, max(coalesce(valid_to, 'infinity')) OVER (
        PARTITION BY chain_id ORDER BY valid_from, created_seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
      FROM mine WHERE valid_to IS NULL OR valid_to > valid_from
    )
    SELECT a.last_seq::float8 AS "lastSeq", a.writes_used AS "writesUsed",
      (SELECT count(*)::float8 FROM mine) AS memories,
      (SELECT count(*)::float8 FROM memory_events e WHERE e.account_id = a.id) AS events,
      (SELECT max(seq)::float8 FROM memory_events e WHERE e.account_id = a.id) AS highest,
      (SELECT count(*)::float8 FROM chain WHERE current > 1) AS forked,
      (SELECT count(*)::float8 FROM chain WHERE current = 0 AND retracted = 0) AS headless,
      (SELECT count(*)::float8 FROM placed WHERE until > valid_from) AS overlaps
    FROM accounts a WHERE a.id = ${accountId}::uuid`;
  return row;
}

const inOrder = ({ lastSeq, memories }: Sample): Sample => ({
  lastSeq,
  events: lastSeq, // as many as the highest number, so that none is left out and none given twice
  highest: lastSeq,
  writesUsed: memories,
  memories,
  forked: 0,
  headless: 0,
  overlaps: 0,
});

async function expectOrder({ known, samples, end }: Awaited<ReturnType<typeof run>>): Promise<void> {
  expect(known.failures, `seed ${SEED}`).toEqual([]);
  expect(samples.length).toBeGreaterThan(0);
  for (const state of [...samples, end]) expect(state, `seed ${SEED}`).toEqual(inOrder(state));
  const { accountId } = known.caller;
  const stored = await depsOf(0).db.memory.findMany({ where: { accountId }, select: { id: true } });
  expect(stored.map(({ id }) => id).sort()).toEqual([...known.memoryIds].sort());
  expect(end.writesUsed).toBe(known.memoryIds.length);
}

/** Current versions of each fact, in whatever chain. */
async function currentOf(caller: Caller, facts: readonly string[]): Promise<number[]> {
  const rows = await depsOf(0).db.memory.groupBy({
    by: ['tenantId'],
    where: { accountId: caller.accountId, knownTo: null },
    _count: true,
  });
  return facts.map((fact) => rows.find(({ tenantId }) => tenantId === fact)?._count ?? 0);
}

const factsOf = (kind: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${kind}-${i}`);

describe(`16 writers over ${NODES} node(s)`, { timeout: SECONDS * 1_000 + 120_000 }, () => {
  it('leave one current version of each fact that the server finds to be replaced', async () => {
    const caller = await newCaller('pro');
    const facts = factsOf('found', 4);
    const outcome = await run(caller, facts, [contradict, replace]);
    await expectOrder(outcome);
    expect(await currentOf(caller, facts)).toEqual(facts.map(() => 1));
  });

  it('leave one current version when what one is to replace is replaced while it is judged', async () => {
    const caller = await newCaller('pro');
    const { llm, ...deps } = depsOf(0);
    const nextTown = townNames();
    const tell = (through: Deps) =>
      addMemories(through, caller, { content: `The office is in ${nextTown()}.`, autoSupersede: true });
    let isInterrupted = false;
    const classify: typeof llm.classify = async (...pair) => {
      if (!isInterrupted) {
        isInterrupted = true;
        await tell(depsOf(1));
      }
      return llm.classify(...pair);
    };
    await tell(depsOf(0));
    const { readMemories } = await tell({ ...deps, llm: { ...llm, classify } });
    const memories = await readMemories();
    expect(isInterrupted).toBe(true);
    const state = await sample(caller);
    expect(state).toEqual(inOrder(state));
    expect(state.memories).toBe(3);
    const current = await depsOf(0).db.memory.findMany({ where: { accountId: caller.accountId, knownTo: null } });
    expect(current.map(({ id }) => id)).toEqual(memories.map(({ id }) => id));
    expect(await depsOf(0).db.chain.count({ where: { accountId: caller.accountId } })).toBe(1);
  });

  it('leave chains in order when versions are replaced, linked, retracted and restored by hand', async () => {
    const caller = await newCaller('pro');
    await expectOrder(await run(caller, factsOf('hand', 8), [replace, replace, link, link, retract, revert]));
  });

  it('write exactly what the quota allows', async () => {
    const caller = await newCaller('starter');
    const nextTown = townNames();
    let refused = 0;
    const acknowledged: string[] = [];
    const write = async (writer: number): Promise<void> => {
      for (let tries = 0; tries < 10; tries++) {
        try {
          const { drafts } = await addMemories(depsOf(writer), caller, { content: `A branch is in ${nextTown()}.` });
          acknowledged.push(...drafts.flatMap(({ memoryId }) => memoryId ?? []));
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'QUOTA_EXCEEDED') throw error;
          refused += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    const state = await sample(caller);
    expect(state).toEqual(inOrder(state));
    expect(state.writesUsed).toBe(QUOTA);
    expect(new Set(acknowledged).size).toBe(QUOTA);
    expect(refused).toBe(WRITERS * 10 - QUOTA);
  });

  it.runIf(NODES > 1)('never ran into a deadlock', async () => {
    const rows = await depsOf(0).db.$queryRaw<{ deadlocks: number }[]>`
      SELECT deadlocks::float8 AS deadlocks FROM pg_stat_database WHERE datname = current_database()`;
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });
});
