/**
 * Does search find the messages that hold the answer?
 *
 *   npm run eval -- retrieval --data DIR [--only PREFIX] [--misses] [--url URL --key KEY]
 *
 * DIR holds *.jsonl, a conversation a file, with lines {type: 'turn', turn_id, session_id, session_date, speaker, text} and
 * {type: 'question', question, category_name, evidence: [turn_id], evidence_outdated?, evidence_current?}. Every turn is stored
 * through the API in content mode as "speaker: text" with its session and date, a tenant a conversation; every question with
 * evidence goes to `search`. Recall@k is the share of a question's evidence turns among the first k, averaged over questions
 * (LoCoMo's own metric); any@10: at least one of them among the first ten; MRR: 1 / rank of the first.
 *
 * Where a question says which turn is outdated and which is current: how often a current one ranks above the outdated one,
 * as stored, and again after the outdated memory was superseded by the current one through the API.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openServer, percent, spread, type Server } from './server.js';

interface Turn {
  turn_id: string;
  session_id: string;
  session_date: string;
  speaker: string;
  text: string;
}
interface Question {
  question: string;
  category_name: string;
  evidence: string[];
  evidence_outdated?: string[];
  evidence_current?: string[];
}
interface Conversation {
  id: string;
  /** The data set: the file's name up to its first dash or underscore. */
  set: string;
  turns: Turn[];
  questions: Question[];
}
interface Outcome {
  set: string;
  category: string;
  recall5: number;
  recall10: number;
  any10: number;
  reciprocal: number;
}

const DEPTH = 100;
/** The server's limit: one pasted file in the data is longer. */
const LONGEST = 50_000;
const SEARCH = `query ($query: String!, $tenantId: String!, $first: Int!) {
  search(query: $query, first: $first, filter: { tenantId: $tenantId }) { edges { node { memory { id } } } } }`;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      only: { type: 'string', default: '' },
      misses: { type: 'boolean', default: false },
      url: { type: 'string' },
      key: { type: 'string' },
    },
  });
  if (values.data === undefined) throw new Error('Say where the data is: --data DIR');
  const server = await openServer(values);
  console.log(server.name);
  const outcomes: Outcome[] = [];
  const updates: Update[] = [];
  const times = { store: [] as number[], search: [] as number[] };
  for (const conversation of readConversations(values.data, values.only)) {
    const tenantId = `${conversation.id} ${Date.now()}`;
    const stored = await store(server, tenantId, conversation.turns, times.store);
    for (const question of conversation.questions) {
      const found = await search(server, tenantId, question.question, stored.turnsOf, times.search);
      outcomes.push(outcomeOf(conversation, question, found));
      if (values.misses && (outcomes.at(-1)?.recall10 ?? 1) === 0)
        console.log(`miss ${conversation.id}: ${question.question} | ${question.evidence.join(', ')}`);
    }
    updates.push(...(await compareUpdates(server, tenantId, conversation, stored)));
    console.log(`${conversation.id}: ${conversation.turns.length} turns, ${conversation.questions.length} questions`);
  }
  await server.close();
  report(outcomes, updates, times);
}

function readConversations(folder: string, only: string): Conversation[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && name.startsWith(only))
    .sort()
    .map((name) => {
      const rows = readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as { type: string });
      const questions = rows.filter(({ type }) => type === 'question') as unknown as Question[];
      return {
        id: name.replace(/\.jsonl$/, ''),
        set: /^[^-_]+/.exec(name)?.[0] ?? name,
        turns: rows.filter(({ type }) => type === 'turn') as unknown as Turn[],
        questions: questions.filter(({ evidence }) => evidence.length > 0),
      };
    });
}

interface Stored {
  memoryOf: Map<string, string>;
  /** Turns with the same text are one memory. */
  turnsOf: Map<string, string[]>;
}

async function store(server: Server, tenantId: string, turns: readonly Turn[], times: number[]): Promise<Stored> {
  const stored: Stored = { memoryOf: new Map(), turnsOf: new Map() };
  for (const { turn_id, session_id, session_date, speaker, text } of turns) {
    if (text.trim() === '') continue;
    const began = performance.now();
    const { memory_id } = await server.post<{ memory_id: string }>('/agent/memories', {
      content: `${speaker}: ${text}`.slice(0, LONGEST),
      tenant_id: tenantId,
      session_id,
      recorded_at: new Date(/\dT\d.*(?:Z|[+-]\d\d:\d\d)$/.test(session_date) ? session_date : utc(session_date)),
      auto_supersede: false,
    });
    times.push(performance.now() - began);
    stored.memoryOf.set(turn_id, memory_id);
    stored.turnsOf.set(memory_id, [...(stored.turnsOf.get(memory_id) ?? []), turn_id]);
  }
  return stored;
}

/** A date or a time without a zone is taken as UTC. */
const utc = (date: string): string => (date.includes('T') ? `${date}Z` : `${date}T00:00:00Z`);

async function search(
  server: Server,
  tenantId: string,
  query: string,
  turnsOf: Stored['turnsOf'],
  times: number[] = [],
): Promise<string[][]> {
  const began = performance.now();
  const { search: found } = await server.graphql<{ search: { edges: { node: { memory: { id: string } } }[] } }>(
    SEARCH,
    {
      query,
      tenantId,
      first: DEPTH,
    },
  );
  times.push(performance.now() - began);
  return found.edges.map(({ node }) => turnsOf.get(node.memory.id) ?? []);
}

function outcomeOf({ set }: Conversation, question: Question, found: readonly (readonly string[])[]): Outcome {
  const { evidence, category_name: category } = question;
  const rank = (turn: string): number => found.findIndex((turns) => turns.includes(turn)) + 1 || Infinity;
  const ranks = evidence.map(rank);
  const recall = (k: number): number => ranks.filter((one) => one <= k).length / ranks.length;
  const first = Math.min(...ranks);
  return {
    set,
    category,
    recall5: recall(5),
    recall10: recall(10),
    any10: Number(first <= 10),
    reciprocal: 1 / first,
  };
}

interface Update {
  set: string;
  before: boolean;
  after: boolean;
}

/** Whether the current message ranks above the outdated one, before and after the one superseded the other. */
async function compareUpdates(
  server: Server,
  tenantId: string,
  { set, questions }: Conversation,
  { memoryOf, turnsOf }: Stored,
): Promise<Update[]> {
  const updates: Update[] = [];
  for (const { question, evidence_outdated: outdated = [], evidence_current: current = [] } of questions) {
    const [old, fresh] = [outdated, current].map((turns) => turns.flatMap((turn) => memoryOf.get(turn) ?? []));
    if (!old?.length || !fresh?.length) continue;
    const isCurrentFirst = async (): Promise<boolean> => {
      const found = await search(server, tenantId, question, turnsOf);
      const best = (turns: readonly string[]): number =>
        found.findIndex((some) => some.some((turn) => turns.includes(turn))) + 1 || Infinity;
      return best(current) < best(outdated);
    };
    const before = await isCurrentFirst();
    for (const memory of old) {
      // Another question may have superseded it already.
      await server.post(`/memories/${memory}/supersede`, { superseded_by: fresh.at(-1) }).catch(() => undefined);
    }
    updates.push({ set, before, after: await isCurrentFirst() });
  }
  return updates;
}

function report(
  outcomes: readonly Outcome[],
  updates: readonly Update[],
  times: { store: readonly number[]; search: readonly number[] },
): void {
  const mean = (of: readonly Outcome[], read: (one: Outcome) => number): string =>
    ((100 * of.reduce((sum, one) => sum + read(one), 0)) / of.length).toFixed(1);
  const rowOf = (name: string, of: readonly Outcome[]) => ({
    name,
    questions: of.length,
    'R@5': mean(of, ({ recall5 }) => recall5),
    'R@10': mean(of, ({ recall10 }) => recall10),
    'any@10': mean(of, ({ any10 }) => any10),
    MRR: mean(of, ({ reciprocal }) => reciprocal),
  });
  const sets = [...new Set(outcomes.map(({ set }) => set))];
  console.table(
    sets.flatMap((set) => {
      const ofSet = outcomes.filter((one) => one.set === set);
      const categories = [...new Set(ofSet.map(({ category }) => category))].sort();
      return [
        rowOf(set, ofSet),
        ...categories.map((category) =>
          rowOf(
            `  ${set}: ${category}`,
            ofSet.filter((one) => one.category === category),
          ),
        ),
      ];
    }),
  );
  if (updates.length > 0) {
    console.table({
      'current above outdated, as stored': percent(updates.filter(({ before }) => before).length, updates.length),
      'after one superseded the other': percent(updates.filter(({ after }) => after).length, updates.length),
    });
  }
  console.log(`store ${spread(times.store)}; search ${spread(times.search)}`);
}
