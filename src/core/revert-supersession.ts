import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Tx } from '../store/client.js';
import { withLedger, type Ledger } from '../store/ledger.js';
import { closeWindow, insertMemories, type Memory, type NewMemory } from '../store/memories.js';
import { authorize } from './authorize.js';
import { chargeWrites } from './charge-writes.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { getMemory, type MemoryRow } from './get-memory.js';
import { readChainsOf, type Placed } from './open-chains.js';
import { instant, optional, parseInput, text, uuid } from './parse-input.js';
import { memoryState } from './rules/validity.js';

const revertInput = z.object({
  memoryId: uuid,
  reason: optional(text(1_000)),
  validFrom: optional(instant),
  keepReplacement: optional(z.boolean()),
});

export type RevertSupersessionInput = z.input<typeof revertInput>;
type Checked = z.output<typeof revertInput>;

export interface RevertSupersessionResult {
  /** The new version with the old text. */
  memory: MemoryRow;
  cursor: bigint;
}

/**
 * Undoes a supersession by a new version with the old text, valid from now or from `validFrom`: history is never edited.
 * The new version replaces the chain's current one, or (`keepReplacement`: both were true) stands beside it in a chain of its own.
 * @throws AppError INVALID_INPUT, NOT_FOUND, FORBIDDEN, QUOTA_EXCEEDED; CONFLICT when the memory is not superseded
 */
export async function revertSupersession(
  deps: Deps,
  caller: Caller,
  input: Unchecked<RevertSupersessionInput>,
  query?: Projection,
): Promise<RevertSupersessionResult> {
  authorize(caller, 'memories:write');
  const checked = parseInput(revertInput, input);
  const old = await getMemory(deps, caller, { id: checked.memoryId }, undefined, 'memoryId');
  const [embedding = new Float32Array(deps.embedder.dimensions)] = await deps.embedder.embed([old.text]);
  const id = randomUUID();
  const { cursor } = await withLedger(deps.db, caller, deps.now, async (tx, ledger) => {
    chargeWrites(ledger, deps.config.writesLimits, 1);
    await restore(tx, ledger, deps, caller, { checked, old, embedding, id });
  });
  return { memory: await getMemory(deps, caller, { id }, query), cursor };
}

interface Restoration {
  checked: Checked;
  old: MemoryRow;
  embedding: Float32Array;
  id: string;
}

async function restore(tx: Tx, ledger: Ledger, deps: Deps, caller: Caller, restoration: Restoration): Promise<void> {
  const { checked, old, id, embedding } = restoration;
  const where = { accountId: caller.accountId, at: ledger.at };
  const chains = await readChainsOf(tx, caller.accountId, [old.id]);
  assertSuperseded(chains.find(old.id), ledger.at);
  const validFrom = checked.validFrom ?? ledger.at;
  const placed = chains.place({ id, validFrom }, [], checked.keepReplacement ? undefined : old.id);
  for (const window of chains.closed()) await closeWindow(tx, where, window);
  const createdSeq = record(ledger, restoration, placed);
  const { text: memoryText, topic, importance, importanceWord, messageIndex, spanStart, spanEnd } = old;
  const memory: NewMemory = {
    id,
    chainId: placed.chainId,
    isFirst: placed.isFirst,
    text: memoryText,
    topic,
    importance,
    importanceWord: importanceWord ?? undefined,
    messageIndex: messageIndex ?? undefined,
    spanStart: spanStart ?? undefined,
    spanEnd: spanEnd ?? undefined,
    createdSeq,
    validFrom,
    closed: placed.closed,
    embedding,
  };
  const write = { capture: captureAgain(old, caller), memories: [memory] };
  await insertMemories(tx, { ...where, embeddingModel: deps.embedder.id }, [write]);
}

function assertSuperseded(
  memory: Pick<Memory, 'retractedAt' | 'supersededById' | 'validTo' | 'knownTo'> | undefined,
  now: Date,
): void {
  if (!memory) throw new AppError('NOT_FOUND', 'There is no such memory.', { field: 'memoryId' });
  if (memoryState(memory, now) === 'SUPERSEDED') return;
  throw new AppError('CONFLICT', 'memoryId: this memory is not superseded', { field: 'memoryId' });
}

function record(ledger: Ledger, { checked, old, id }: Restoration, { successions }: Placed): bigint {
  const { tenantId, topic, source } = old;
  const about = { tenantId, topic, source };
  const createdSeq = ledger.append({ kind: 'CREATED', ...about, memoryId: id, details: { shape: 'revert' } });
  ledger.append({ kind: 'REVERTED', ...about, memoryId: id, beforeId: old.id, reason: checked.reason });
  for (const { memoryId, beforeId } of successions) ledger.append({ kind: 'SUPERSEDED', ...about, memoryId, beforeId });
  return createdSeq;
}

/** The evidence stays that of the old version; who wrote it again is the caller. */
const captureAgain = ({ capture, tenantId, source, channel, sessionId }: MemoryRow, { apiKeyId }: Caller) => ({
  id: randomUUID(),
  tenantId,
  apiKeyId,
  source,
  channel,
  sessionId: sessionId ?? undefined,
  messages: capture?.messages ?? undefined,
  provider: capture?.provider ?? undefined,
  model: capture?.model ?? undefined,
  promptVersion: capture?.promptVersion ?? undefined,
  isByoLlm: capture?.isByoLlm ?? false,
  inputTokens: undefined,
  outputTokens: undefined,
});
