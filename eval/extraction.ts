/**
 * What does the server make of a conversation between people?
 *
 *   npm run eval -- extraction --data DIR [--turns DIR] [--also PREFIX] [--sample N] [--seed S] [--misses] [--url URL --key KEY]
 *
 * DIR holds *.jsonl of observations, a line each: {conv_id, session_id, subject, fact, evidence: [turn_id]}. The turns, by default in
 * DIR/../retrieval, are *.jsonl with lines {type: 'turn', conv_id, turn_id, session_id, session_date, speaker, text}. --also takes
 * conversations without observations whose files begin with PREFIX. Every session is one POST /agent/memories, every conversation a
 * tenant; a speaker called "user" or "assistant" has that role, everybody else is a user with a name. Without --url a server runs
 * in this process, on an embedded database in memory, with the model that the environment names. What is counted:
 *
 * - any fact: observations of which some evidence turn gave at least one fact;
 * - stems >= 1/2: observations of which one single fact of the session has at least half of the content stems;
 * - of evidence: the same with the facts of the evidence turns alone; together: with all of these as one text;
 * - verbatim: the same with the words of the evidence turns in place of facts, which is about the best that quoting can do;
 * - on evidence: facts that come from a turn which is evidence of some observation;
 * - idle: facts from turns of which every sentence is a question or holds nothing but courtesies.
 *
 * Content stems are Porter stems (wink-nlp) of the words that are neither stop words nor names of the speakers: each fact about a
 * speaker has the name, so it would count for nothing found.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import model from 'wink-eng-lite-web-model';
import winkNlp from 'wink-nlp';
import { openServer, type Server } from './server.js';

interface Turn {
  type: string;
  conv_id: string;
  turn_id: string;
  session_id: string;
  session_date: string;
  speaker: string;
  text: string;
}
interface Observation {
  conv_id: string;
  session_id: string;
  fact: string;
  evidence: string[];
}
export interface Conversation {
  id: string;
  turns: Turn[];
  observations: Observation[];
}
/** A fact as the server shows it. */
export interface Shown {
  text: string;
  topic: string;
  importance: number;
  turn: Turn | undefined;
  /** The characters that support it. */
  quote: string;
}

const READ_BYTES = 900_000;
const MOST_MESSAGES = 1_000;
const LIST = `query ($filter: MemoryFilter, $after: String) { memories(first: 100, after: $after, filter: $filter, state: ANY) {
  pageInfo { hasNextPage endCursor }
  nodes { text topic importance sourceCitation { messageIndex span { start end } } } } }`;

interface Page {
  memories: {
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
    nodes: {
      text: string;
      topic: string;
      importance: number;
      sourceCitation: { messageIndex: number | null; span: { start: number; end: number } | null };
    }[];
  };
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      turns: { type: 'string' },
      also: { type: 'string', multiple: true, default: [] },
      sample: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      misses: { type: 'boolean', default: false },
      url: { type: 'string' },
      key: { type: 'string' },
    },
  });
  if (values.data === undefined) throw new Error('Say where the data is: --data DIR');
  const conversations = readConversations(
    values.data,
    values.turns ?? join(values.data, '..', 'retrieval'),
    values.also,
  );
  const server = await openServer(values);
  console.log(`Server: ${server.name}`);
  const prefix = values.url === undefined ? '' : `eval-${Date.now()}-`;
  const all: Shown[] = [];
  const rows: [string, Score][] = [];
  let seconds = 0;
  try {
    for (const conversation of conversations) {
      const began = performance.now();
      const facts = await extracted(server, conversation, prefix);
      seconds += (performance.now() - began) / 1000;
      all.push(...facts);
      rows.push([conversation.id, scoreOf(conversation, facts, values.misses)]);
    }
  } finally {
    await server.close();
  }
  report(rows);
  const turns = rows.reduce((sum, [, { turns: count }]) => sum + count, 0);
  console.log(
    `${turns} turns stored in ${seconds.toFixed(1)} s, ${(turns / seconds).toFixed(0)} a second, embedding and database included.`,
  );
  printSample(all, Number(values.sample), Number(values.seed));
}

const readLines = <Row>(file: string): Row[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Row);

const filesOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();

/** The conversations that have observations, and those whose file begins with one of the prefixes. */
export function readConversations(data: string, folder: string, also: readonly string[]): Conversation[] {
  const observations = filesOf(data).flatMap((name) => readLines<Observation>(join(data, name)));
  const observed = new Set(observations.map(({ conv_id }) => conv_id));
  const conversations = filesOf(folder).flatMap((name) => {
    const turns = readLines<Turn>(join(folder, name)).filter(({ type }) => type === 'turn');
    const id = turns[0]?.conv_id ?? basename(name, '.jsonl');
    return observed.has(id) || also.some((one) => name.startsWith(one)) ? [{ id, turns }] : [];
  });
  return conversations.map((one) => ({
    ...one,
    observations: observations.filter(({ conv_id }) => conv_id === one.id),
  }));
}

/** The sessions of a conversation in order; one that is too long for a request comes in parts. */
export function sessionsOf({ turns }: Conversation): Turn[][] {
  const parts: Turn[][] = [];
  let bytes = 0;
  for (const turn of turns) {
    const last = parts.at(-1);
    const size = Buffer.byteLength(turn.text) * 1.1 + 80;
    const fits = last?.[0]?.session_id === turn.session_id && bytes + size < READ_BYTES && last.length < MOST_MESSAGES;
    if (last && fits) last.push(turn);
    else parts.push([turn]);
    bytes = last && fits ? bytes + size : size;
  }
  return parts;
}

export const messageOf = ({ speaker, text }: Turn): { role: 'user' | 'assistant'; name?: string; content: string } => {
  if (speaker === 'assistant' || speaker === 'user') return { role: speaker, content: text };
  return { role: 'user', name: speaker, content: text };
};

/** Dates without a zone are UTC here. */
export const instantOf = ({ session_date }: Turn): string =>
  session_date.length === 10 ? `${session_date}T12:00:00Z` : `${session_date.replace(/Z$/, '')}Z`;

async function extracted(server: Server, conversation: Conversation, prefix: string): Promise<Shown[]> {
  const tenant = prefix + conversation.id;
  const facts: Shown[] = [];
  for (const [index, session] of sessionsOf(conversation).entries()) {
    const [first] = session;
    if (!first) continue;
    const sessionId = `${first.session_id}-${index}`;
    await server.post('/agent/memories', {
      messages: session.map(messageOf),
      session_id: sessionId,
      tenant_id: tenant,
      recorded_at: instantOf(first),
      auto_supersede: false,
    });
    for (const node of await memoriesOf(server, tenant, sessionId)) {
      const { messageIndex, span } = node.sourceCitation;
      const turn = messageIndex === null ? undefined : session[messageIndex];
      facts.push({ ...node, turn, quote: turn?.text.slice(span?.start, span?.end) ?? '' });
    }
  }
  return facts;
}

async function memoriesOf(server: Server, tenantId: string, sessionId: string): Promise<Page['memories']['nodes']> {
  const nodes: Page['memories']['nodes'] = [];
  let after: string | null = null;
  for (;;) {
    const variables: object = { filter: { tenantId, sessionIds: [sessionId] }, after };
    const { memories }: Page = await server.graphql<Page>(LIST, variables);
    nodes.push(...memories.nodes);
    after = memories.pageInfo.endCursor;
    if (!memories.pageInfo.hasNextPage) return nodes;
  }
}

const nlp = winkNlp(model, ['sbd']);
/** Plain functions, which the typings declare as methods. */
const its = nlp.its as unknown as { stem: () => string; normal: () => string; stopWordFlag: () => boolean };

/** Stems of the words that are neither stop words nor among `names`. */
const contentStems = (text: string, names: ReadonlySet<string>): Set<string> => {
  const tokens = nlp.readDoc(text.replaceAll('’', "'")).tokens();
  const [stems, words, flags] = [tokens.out(its.stem), tokens.out(its.normal), tokens.out(its.stopWordFlag)];
  return new Set(
    stems.filter((stem, at) => /[\p{L}\p{N}]/u.test(stem) && flags[at] !== true && !names.has(words[at] ?? '')),
  );
};

const recall = (wanted: ReadonlySet<string>, found: ReadonlySet<string>): number =>
  wanted.size === 0 ? 0 : [...wanted].filter((stem) => found.has(stem)).length / wanted.size;

const COURTESY =
  /^(?:hi|hey|hello|hiya|bye|goodbye|good|morning|evening|night|thanks?|thx|wow|whoa|yay|yeah|yep|yes|no|nope|ok|okay|sure|cool|nice|great|awesome|amazing|wonderful|fantastic|lovely|sweet|sounds?|glad|happy|love|hear|agree|true|right|totally|absolutely|definitely|exactly|congrats|congratulations|care|take|soon|talk|later|luck|lol|haha+|really|so|much|fun|welcome|problem|hope|well|day|idea|point|job|work|keep|appreciate|means?|lot|proud|interesting|excited|see|looks?)$/;

/** Whether each sentence of a turn asks, or holds nothing but courtesies, so that it tells nothing to remember. */
const isIdle = (text: string, names: ReadonlySet<string>): boolean =>
  [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)].every(({ segment }) => {
    const words = segment.toLowerCase().match(/\p{L}+/gu) ?? [];
    const telling = words.filter((word) => !COURTESY.test(word) && !names.has(word));
    return segment.trimEnd().endsWith('?') || contentStems(telling.join(' '), names).size === 0;
  });

export interface Score {
  sessions: number;
  turns: number;
  facts: number;
  observations: number;
  any: number;
  half: number;
  halfOfEvidence: number;
  together: number;
  verbatim: number;
  onEvidence: number;
  idle: number;
  idleTurns: number;
}

export function scoreOf(conversation: Conversation, facts: readonly Shown[], showMisses = false): Score {
  const { turns, observations } = conversation;
  const names = new Set(turns.flatMap(({ speaker }) => speaker.toLowerCase().split(/\s+/)).concat('user'));
  const stems = new Map(facts.map((fact) => [fact, contentStems(fact.text, names)]));
  const evidence = new Set(observations.flatMap((one) => one.evidence));
  const idleTurns = new Set(turns.filter(({ text }) => isIdle(text, names)).map(({ turn_id }) => turn_id));
  const count = { any: 0, half: 0, halfOfEvidence: 0, together: 0, verbatim: 0 };
  for (const observation of observations) {
    const wanted = contentStems(observation.fact, names);
    const ofSession = facts.filter(({ turn }) => turn?.session_id === observation.session_id);
    const ofEvidence = facts.filter(({ turn }) => turn && observation.evidence.includes(turn.turn_id));
    const half = (some: readonly Shown[]): boolean =>
      some.some((one) => recall(wanted, stems.get(one) ?? new Set()) >= 0.5);
    const quoted = turns.filter(({ turn_id }) => observation.evidence.includes(turn_id)).map(({ text }) => text);
    const isFound = half(ofSession);
    count.any += Number(ofEvidence.length > 0);
    count.half += Number(isFound);
    count.halfOfEvidence += Number(half(ofEvidence));
    count.together += Number(recall(wanted, contentStems(ofEvidence.map(({ text }) => text).join('. '), names)) >= 0.5);
    count.verbatim += Number(recall(wanted, contentStems(quoted.join(' '), names)) >= 0.5);
    if (showMisses && !isFound)
      console.log(
        `miss: ${observation.fact}\n  said: ${quoted.join(' / ')}\n  got: ${ofEvidence.map(({ text }) => text).join(' | ')}`,
      );
  }
  return {
    sessions: new Set(turns.map(({ session_id }) => session_id)).size,
    turns: turns.length,
    facts: facts.length,
    observations: observations.length,
    ...count,
    onEvidence: facts.filter(({ turn }) => turn && evidence.has(turn.turn_id)).length,
    idle: facts.filter(({ turn }) => turn && idleTurns.has(turn.turn_id)).length,
    idleTurns: idleTurns.size,
  };
}

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);

const rowOf = (one: Score): Record<string, string | number> => ({
  sessions: one.sessions,
  turns: one.turns,
  facts: one.facts,
  'a turn': (one.facts / one.turns).toFixed(2),
  observations: one.observations,
  'any fact': percent(one.any, one.observations),
  'stems >= 1/2': percent(one.half, one.observations),
  'of evidence': percent(one.halfOfEvidence, one.observations),
  together: percent(one.together, one.observations),
  verbatim: percent(one.verbatim, one.observations),
  'on evidence': one.observations === 0 ? '-' : percent(one.onEvidence, one.facts),
  idle: `${one.idle} of ${one.idleTurns} turns`,
});

export function report(rows: readonly [string, Score][]): void {
  const sum = (some: readonly Score[]): Score =>
    some.reduce((total, one) => {
      const keys = Object.keys(total) as (keyof Score)[];
      return Object.fromEntries(keys.map((key) => [key, total[key] + one[key]])) as unknown as Score;
    });
  const observed = rows.map(([, score]) => score).filter(({ observations }) => observations > 0);
  const table = rows.map(([name, score]): [string, object] => [name, rowOf(score)]);
  if (observed.length > 0) table.push([`all ${observed.length} with observations`, rowOf(sum(observed))]);
  console.table(Object.fromEntries(table));
}

/** Facts to read by hand: the same ones for the same seed. */
export function printSample(facts: readonly Shown[], size: number, seed: number): void {
  const random = mulberry32(seed);
  const chosen = facts
    .map((fact) => ({ fact, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, size);
  for (const [index, { fact }] of chosen.entries())
    console.log(
      `${index + 1}. ${fact.text}  {${fact.topic} ${fact.importance}}\n     ${fact.turn?.speaker ?? '?'}: ${fact.quote.replace(/\s+/g, ' ')}`,
    );
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
