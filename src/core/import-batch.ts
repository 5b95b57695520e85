import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.js';
import { TextRefused } from '../models/embedder.js';
import { Slice } from '../slice.js';
import type { Tx } from '../store/client.js';
import { advanceImport, type MemoryImport } from '../store/imports.js';
import type { Ledger } from '../store/ledger.js';
import { insertMemories, type NewCapture, type NewWrite } from '../store/memories.js';
import { writeVector, type WrittenVector } from '../store/stored-vector.js';
import { chargeWrites } from './charge-writes.js';
import type { Caller, Deps } from './deps.js';
import { verbatim, type Draft } from './draft-facts.js';
import type { CheckedFact, Row } from './import-rows.js';
import { readKnownFacts, type Claim } from './known-facts.js';
import { originOf, toCreated, toNewMemory, type Origin } from './new-memory.js';
import { storedTenant } from './parse-input.js';

/** What became of one row. */
export type RowResult = { line: number } & (
  | { status: 'STORED'; id: string }
  /** A current memory, or an earlier row, says so already. */
  | { status: 'DUPLICATE'; id: string }
  | { status: 'REJECTED'; error: AppError }
);

interface Prepared {
  line: number;
  claim: Claim;
  draft: Omit<Draft, 'embedding'> & { embedding: WrittenVector };
  origin: Origin;
  tenantId: string;
  sessionId: string | undefined;
}

/** Rows that are ready to be stored together: checked, and with their vectors. */
export interface Batch {
  rows: readonly (Prepared | { line: number; error: AppError })[];
}

/** The slow half of a batch, outside of any transaction. @throws AppError UPSTREAM_* when there are no vectors to be had */
export async function prepareBatch({ embedder }: Pick<Deps, 'embedder'>, rows: readonly Row[]): Promise<Batch> {
  const facts = rows.flatMap((row) => ('fact' in row ? row.fact : []));
  const vectors = await embedEach(
    embedder,
    facts.map(({ content }) => content),
  );
  const slice = new Slice();
  const prepared: Batch['rows'][number][] = [];
  let next = 0;
  for (const row of rows) {
    prepared.push('error' in row ? row : prepare(row.line, row.fact, vectors[next++], embedder.dimensions));
    const pause = slice.rest();
    if (pause) await pause;
  }
  return { rows: prepared };
}

function prepare(
  line: number,
  fact: CheckedFact,
  vector: Float32Array | AppError | undefined,
  dimensions: number,
): Batch['rows'][number] {
  if (vector instanceof AppError) return { line, error: vector };
  const { text, topic, importance, importanceWord, messageIndex, span, validFrom } = verbatim(fact);
  const embedding = writeVector(vector ?? new Float32Array(dimensions));
  const draft = { id: randomUUID(), text, topic, importance, importanceWord, messageIndex, span, validFrom, embedding };
  const origin = originOf({ messages: undefined, source: fact.source, sessionId: fact.sessionId });
  const [tenantId, sessionId] = [storedTenant(fact.tenantId), fact.sessionId];
  const { source, channel } = origin;
  return { line, claim: { tenantId, source, channel, text, validFrom }, draft, origin, tenantId, sessionId };
}

/** All at once; one by one where the model refuses a text, so that it costs no other row its place. */
async function embedEach(
  embedder: Deps['embedder'],
  texts: readonly string[],
): Promise<readonly (Float32Array | AppError)[]> {
  if (texts.length === 0) return [];
  try {
    return await embedder.embed(texts, 'document');
  } catch (error) {
    if (!(error instanceof TextRefused)) throw error;
    if (texts.length === 1) return [error];
  }
  const vectors: (Float32Array | AppError)[] = [];
  for (const text of texts) vectors.push(...(await embedEach(embedder, [text])));
  return vectors;
}

export interface Run {
  deps: Deps;
  caller: Caller;
  importId: string;
  runner: string;
}

/**
 * Stores a batch and moves its import on, under the account's lock: a fixed number of statements for any number of rows. While
 * the database is at the longest of them there is time for something else: `meanwhile` is called.
 */
export async function recordBatch(
  tx: Tx,
  ledger: Ledger,
  run: Run,
  { rows }: Batch,
  meanwhile: () => void,
): Promise<{ results: RowResult[]; progress: MemoryImport }> {
  const { accountId } = run.caller;
  const claims = rows.flatMap((row) => ('draft' in row ? row.claim : []));
  const known = claims.length > 0 ? await readKnownFacts(tx, accountId, claims, ledger.at) : undefined;
  const fresh: Prepared[] = [];
  const results = rows.map((row): RowResult => {
    const { line } = row;
    if ('error' in row) return { line, status: 'REJECTED', error: row.error };
    const repeatedId = known?.claim(row.claim, row.draft.id) ?? null;
    if (repeatedId !== null) return { line, status: 'DUPLICATE', id: repeatedId };
    fresh.push(row);
    return { line, status: 'STORED', id: row.draft.id };
  });
  const progress = await advanceImport(
    tx,
    { accountId, id: run.importId, runner: run.runner },
    {
      stored: fresh.length,
      rejected: results.filter(({ status }) => status === 'REJECTED').length,
      duplicates: results.filter(({ status }) => status === 'DUPLICATE').length,
      at: ledger.at,
    },
  );
  if (!progress) throw new AppError('CONFLICT', 'Another request goes on with this import.');
  const storing = fresh.length > 0 ? store(tx, ledger, run, fresh) : undefined;
  meanwhile();
  await storing;
  return { results, progress };
}

/** Each fact a chain of its own. Those of one tenant and origin share a capture, as facts of one write do. */
async function store(tx: Tx, ledger: Ledger, { deps, caller }: Run, fresh: readonly Prepared[]): Promise<void> {
  chargeWrites(ledger, deps.config.writesLimits, fresh.length);
  const writes = new Map<string, { capture: NewCapture; memories: NewWrite['memories'][number][] }>();
  for (const row of fresh) {
    const { draft, origin, tenantId } = row;
    const name = JSON.stringify([tenantId, origin.source, row.sessionId]);
    const write = writes.get(name) ?? { capture: captureOf(row, caller), memories: [] };
    writes.set(name, write);
    const createdSeq = ledger.append(toCreated(draft, { tenantId, source: origin.source }));
    const place = { chainId: randomUUID(), isFirst: true, closed: undefined, createdSeq };
    write.memories.push(toNewMemory(draft, { ...place, validFrom: draft.validFrom ?? ledger.at }));
  }
  const where = { accountId: caller.accountId, at: ledger.at, embeddingModel: deps.embedder.id };
  await insertMemories(tx, where, [...writes.values()]);
}

const captureOf = ({ tenantId, origin, sessionId }: Prepared, { apiKeyId }: Caller): NewCapture => ({
  id: randomUUID(),
  tenantId,
  apiKeyId,
  ...origin,
  sessionId,
  messages: undefined,
  provider: undefined,
  model: undefined,
  promptVersion: undefined,
  isByoLlm: false,
  inputTokens: undefined,
  outputTokens: undefined,
});
