/**
 * Does the server know what was true when, whatever the order in which it heard of it?
 *
 *   npm run eval -- bitemporal --data DIR [--auto] [--seed N] [--misses] [--url URL --key KEY]
 *
 * DIR holds *.jsonl with a chain of dated facts a line: {id, facts: [{fact, value, valid_from, stated_valid_to, superseded_at}],
 * as_of_queries: [{as_of, value}], current}. All facts of all chains arrive in one shuffled order through GraphQL, a tenant a
 * chain, each naming a version of its chain that came before it; with --auto none is named, and the classifier must find it.
 * Without --url a server runs in this process, on an embedded database in memory.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openServer, percent, spread, type Server } from './server.js';

interface Fact {
  fact: string;
  value: string;
  valid_from: string;
  stated_valid_to: string | null;
  superseded_at: string | null;
}
interface Chain {
  id: string;
  facts: Fact[];
  as_of_queries: { as_of: string; value: string }[];
  current: string;
}
interface Shown {
  id: string;
  text: string;
  validFrom: string;
  validTo: string | null;
  isCurrent: boolean;
}

const SHOWN = 'id text validFrom validTo isCurrent';
const ADD = 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { memories { id } } }';
const LIST = `query ($filter: MemoryFilter, $asOf: AsOf) { memories(first: 100, filter: $filter, asOf: $asOf) { nodes { ${SHOWN} } } }`;
const TIMELINE = `query ($id: ID!) { timeline(memoryId: $id) { chainLength entries { ${SHOWN} } current { ${SHOWN} } } }`;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      auto: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      misses: { type: 'boolean', default: false },
      url: { type: 'string' },
      key: { type: 'string' },
    },
  });
  if (values.data === undefined) throw new Error('Say where the data is: --data DIR');
  const chains = readChains(values.data);
  describeData(chains);
  const server = await openServer(values);
  try {
    const random = mulberry32(Number(values.seed));
    const prefix = values.url === undefined ? '' : `eval-${Date.now()}-`;
    const order = shuffled(
      chains.flatMap((chain) => chain.facts.map((fact) => ({ chain, fact }))),
      random,
    );
    const began = performance.now();
    const stored = await load(server, order, { prefix, isAuto: values.auto, random });
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `\nStored ${order.length} facts in shuffled order (seed ${values.seed}) in ${seconds.toFixed(1)} s, ${((1000 * seconds) / order.length).toFixed(1)} ms each${values.auto ? ', auto-supersession' : ''}.`,
    );
    await measure(server, chains, stored, { prefix, showMisses: values.misses });
  } finally {
    await server.close();
  }
}

function readChains(folder: string): Chain[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const lines = files.sort().flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Chain);
}

/** Says openly where the data is ambiguous or contradicts itself. */
function describeData(chains: readonly Chain[]): void {
  const facts = chains.flatMap((chain) => chain.facts);
  const questions = chains.flatMap((chain) => chain.as_of_queries.map((question) => ({ ...question, chain })));
  const holding = questions.map(({ as_of, value, chain }) => ({
    value,
    as_of,
    facts: chain.facts.filter((one) => one.valid_from <= as_of && !(one.superseded_at && one.superseded_at <= as_of)),
  }));
  console.log(`${chains.length} chains, ${facts.length} facts, ${questions.length} as-of questions`);
  const notes: [string, number][] = [
    [
      'chains with two facts that begin on one day',
      chains.filter(({ facts: own }) => new Set(own.map((one) => one.valid_from)).size < own.length).length,
    ],
    [
      'facts that end on another day than the next begins',
      chains.reduce(
        (sum, { facts: own }) =>
          sum + own.filter((one, i) => one.superseded_at !== (own[i + 1]?.valid_from ?? null)).length,
        0,
      ),
    ],
    [
      'chains in which one text occurs twice, at two times',
      chains.filter(({ facts: own }) => new Set(own.map((one) => one.fact)).size < own.length).length,
    ],
    [
      'facts whose stated end is not when they were replaced',
      facts.filter((one) => one.superseded_at !== null && one.stated_valid_to !== one.superseded_at).length,
    ],
    ['questions for which not exactly one fact holds', holding.filter((one) => one.facts.length !== 1).length],
    [
      'questions whose expected value is not that fact’s',
      holding.filter((one) => !one.facts.some(({ value }) => value === one.value)).length,
    ],
    [
      'questions after the stated end of the expected fact',
      holding.filter((one) => one.facts.some(({ stated_valid_to: end }) => end !== null && end <= one.as_of)).length,
    ],
  ];
  for (const [what, count] of notes) console.log(`  ${String(count).padStart(4)} ${what}`);
}

async function load(
  server: Server,
  order: readonly { chain: Chain; fact: Fact }[],
  { prefix, isAuto, random }: { prefix: string; isAuto: boolean; random: () => number },
): Promise<Map<string, string[]>> {
  const stored = new Map<string, string[]>();
  for (const { chain, fact } of order) {
    const ids = stored.get(chain.id) ?? [];
    const supersedes = isAuto ? undefined : ids[Math.floor(random() * ids.length)];
    const input = {
      content: fact.fact,
      tenantId: prefix + chain.id,
      validFrom: instant(fact.valid_from),
      supersedes,
      autoSupersede: isAuto,
    };
    const { addMemories } = await server.graphql<{ addMemories: { memories: { id: string }[] } }>(ADD, { input });
    stored.set(chain.id, [...ids, ...addMemories.memories.map(({ id }) => id)]);
  }
  return stored;
}

async function measure(
  server: Server,
  chains: readonly Chain[],
  stored: ReadonlyMap<string, readonly string[]>,
  { prefix, showMisses }: { prefix: string; showMisses: boolean },
): Promise<void> {
  const score = { rest: 0, graphql: 0, restAmong: 0, ordered: 0, oneChain: 0, oneCurrent: 0, rightCurrent: 0 };
  const times = { rest: [] as number[], graphql: [] as number[] };
  let questions = 0;
  for (const chain of chains) {
    const tenant = prefix + chain.id;
    const factsOf = (value: string): string[] =>
      chain.facts.filter((one) => one.value === value).map(({ fact }) => fact);
    for (const { as_of, value } of chain.as_of_queries) {
      questions += 1;
      const expected = factsOf(value);
      const isRight = (texts: readonly string[]): boolean => texts.length === 1 && expected.includes(texts[0] ?? '');
      const query = new URLSearchParams({ tenant_id: tenant, as_of: instant(as_of) });
      const rest = await timed(times.rest, () =>
        server.get<{ memories: { decision: string }[] }>(`/agent/memories?${query.toString()}`),
      );
      const texts = rest.memories.map(({ decision }) => decision);
      score.rest += Number(isRight(texts));
      score.restAmong += Number(texts.some((text) => expected.includes(text)));
      const { memories } = await timed(times.graphql, () =>
        server.graphql<{ memories: { nodes: Shown[] } }>(LIST, {
          filter: { tenantId: tenant },
          asOf: { valid: instant(as_of) },
        }),
      );
      score.graphql += Number(isRight(memories.nodes.map(({ text }) => text)));
      if (showMisses && !isRight(texts)) console.log(`miss ${chain.id} ${as_of}: ${value} | ${texts.join(' | ')}`);
    }
    const { timeline } = await server.graphql<{
      timeline: { chainLength: number; entries: Shown[]; current: Shown | null };
    }>(TIMELINE, { id: stored.get(chain.id)?.[0] });
    const starts = chain.facts.map(({ valid_from }) => valid_from).sort();
    const windows = timeline.entries.map(({ validFrom, validTo }) =>
      [validFrom, validTo].map((one) => one?.slice(0, 10)),
    );
    const wanted = starts.map((start, i) => [start, starts[i + 1]]);
    score.oneChain += Number(timeline.chainLength === chain.facts.length);
    score.ordered += Number(JSON.stringify(windows) === JSON.stringify(wanted));
    const current = await server.graphql<{ memories: { nodes: Shown[] } }>(LIST, { filter: { tenantId: tenant } });
    const texts = current.memories.nodes.map(({ text }) => text);
    score.oneCurrent += Number(texts.length === 1);
    score.rightCurrent += Number(texts.length === 1 && factsOf(chain.current).includes(texts[0] ?? ''));
  }
  console.table({
    'as of, REST: exactly the right fact': percent(score.rest, questions),
    'as of, GraphQL: exactly the right fact': percent(score.graphql, questions),
    'as of, REST: the right fact among others': percent(score.restAmong, questions),
    'all facts in one timeline': percent(score.oneChain, chains.length),
    'timeline in order, windows end to end': percent(score.ordered, chains.length),
    'exactly one current fact': percent(score.oneCurrent, chains.length),
    'and it is the right one': percent(score.rightCurrent, chains.length),
    'REST as-of list': spread(times.rest),
    'GraphQL as-of list': spread(times.graphql),
  });
}

async function timed<Result>(times: number[], work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const result = await work();
  times.push(performance.now() - began);
  return result;
}

/** The data gives days: UTC midnight at which they begin. */
const instant = (day: string): string => `${day}T00:00:00Z`;

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** A small generator of numbers in [0, 1), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
