import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.js';
import type { Attribution } from '../models/llm.js';
import type { Tx } from '../store/client.js';
import type { Ledger } from '../store/ledger.js';
import type { Scope } from '../store/listing.js';
import { closeWindow, insertMemories, mergeChains, type NewMemory } from '../store/memories.js';
import type { CheckedAddMemories } from './add-memories-input.js';
import { readChainsOf, type OpenChains } from './open-chains.js';
import type { Caller, Deps } from './deps.js';
import type { Draft } from './draft-facts.js';
import type { Decision, JudgedDraft } from './judge-drafts.js';
import { readKnownFacts } from './known-facts.js';
import { assertMayWrite, planUsage } from './rules/quota.js';

/** What became of one draft. */
export interface RecordedDraft extends Omit<JudgedDraft, 'decisions'> {
  /** The new memory, or the current one that already says so. */
  memoryId: string;
  isDuplicate: boolean;
  decisions: readonly RecordedDecision[];
}

export interface RecordedDecision extends Decision {
  isApplied: boolean;
}

export interface Writing {
  deps: Deps;
  caller: Caller;
  scope: Scope;
  checked: CheckedAddMemories;
  extraction: Attribution | null;
}

/** Stores judged drafts under the account's lock: deduplicates, counts, places each in its chain, and appends the events. */
export async function recordDrafts(
  tx: Tx,
  ledger: Ledger,
  writing: Writing,
  judged: readonly JudgedDraft[],
): Promise<RecordedDraft[]> {
  const { deps, scope, checked } = writing;
  const origin = originOf(checked);
  const known = await readKnownFacts(
    tx,
    { ...scope, ...origin },
    judged.map(({ draft }) => draft.text),
    ledger.at,
  );
  // Who names the version to replace says that this is another one, however alike the texts.
  const items = judged.map((item) => ({ item, id: randomUUID(), fresh: true }));
  for (const entry of items) entry.fresh = checked.supersedes !== undefined || known.claim(entry.item.draft, entry.id);
  const fresh = items.flatMap((entry) => (entry.fresh ? entry.item : []));
  if (fresh.length > 0) {
    const usage = planUsage(ledger.account, deps.config.writesLimits, ledger.at);
    assertMayWrite(usage, fresh.length);
    ledger.countWrites(usage, fresh.length);
  }

  const rivals = fresh.flatMap(({ decisions }) => decisions.filter((d) => d.isActionable).map((d) => d.rivalId));
  const anchor = checked.supersedes;
  const chains = await readChainsOf(tx, scope.accountId, anchor === undefined ? rivals : [...rivals, anchor]);
  if (anchor !== undefined && !chains.find(anchor)) {
    throw new AppError('NOT_FOUND', 'There is no such memory.', { field: 'supersedes' });
  }
  const memories: NewMemory[] = [];
  const recorded: RecordedDraft[] = [];
  for (const { item, id, fresh: isFresh } of items) {
    if (!isFresh) {
      recorded.push({ ...item, memoryId: known.idOf(item.draft), isDuplicate: true, decisions: [] });
      continue;
    }
    const { memory, decisions } = place(ledger, writing, origin, chains, { ...item, id });
    memories.push(memory);
    recorded.push({ ...item, memoryId: id, isDuplicate: false, decisions });
  }
  await store(tx, ledger, writing, origin, chains, memories);
  return recorded;
}

async function store(
  tx: Tx,
  ledger: Ledger,
  writing: Writing,
  origin: Origin,
  chains: OpenChains,
  memories: readonly NewMemory[],
): Promise<void> {
  if (memories.length === 0) return;
  const where = { accountId: writing.scope.accountId, at: ledger.at };
  const closed = new Map([...chains.closed()].map((window) => [window.id, window]));
  // One fact of a write may end another of the same write: that one comes in closed.
  const rows = memories.map((memory) => ({ ...memory, closed: closed.get(memory.id) ?? memory.closed }));
  for (const { id } of rows) closed.delete(id);
  // Windows close before rows come in: the database admits one current version per chain at any moment.
  for (const window of closed.values()) await closeWindow(tx, where, window);
  for (const { into, absorbed } of chains.merges()) await mergeChains(tx, where.accountId, into, absorbed);
  await insertMemories(tx, { ...where, embeddingModel: writing.deps.embedder.id }, captureOf(writing, origin), rows);
}

interface Origin {
  source: string;
  channel: string;
}

/** Where a write comes from: the documented defaults differ by mode, and a session is its own channel. */
function originOf({ messages, source, sessionId }: CheckedAddMemories): Origin {
  const origin = source ?? (messages ? 'agent_session' : 'agent');
  return { source: origin, channel: sessionId ?? origin };
}

function place(
  ledger: Ledger,
  { scope, checked }: Writing,
  origin: Origin,
  chains: OpenChains,
  { id, draft, decisions }: JudgedDraft & { id: string },
): { memory: NewMemory; decisions: RecordedDecision[] } {
  const validFrom = draft.validFrom ?? ledger.at;
  const about = { tenantId: scope.tenantId, topic: draft.topic, source: origin.source };
  const createdSeq = ledger.append({ kind: 'CREATED', ...about, memoryId: id, details: { shape: shapeOf(draft) } });
  const replaced = decisions.filter((d) => d.isActionable).map((d) => d.rivalId);
  const placed = chains.place({ id, validFrom }, replaced, checked.supersedes);
  const recorded = decisions.map((decision) => ({ ...decision, isApplied: placed.applied.includes(decision.rivalId) }));
  for (const decision of recorded) {
    const { verdict, confidence, reason, model } = decision;
    if (verdict === 'independent') continue; // told in the reply; in the audit trail it would only be noise
    const details = { newMemoryId: id, promptVersion: decision.promptVersion, applied: decision.isApplied };
    ledger.append({
      kind: 'CLASSIFIED',
      ...about,
      memoryId: decision.rivalId,
      verdict,
      confidence,
      reason,
      model,
      details,
    });
  }
  for (const { beforeId, memoryId, rivalId } of placed.successions) {
    const cause = recorded.find((decision) => decision.rivalId === rivalId);
    const { verdict, confidence, reason, model } = cause ?? {};
    ledger.append({ kind: 'SUPERSEDED', ...about, memoryId, beforeId, verdict, confidence, reason, model });
  }
  const memory: NewMemory = {
    id,
    chainId: placed.chainId,
    isFirst: placed.isFirst,
    text: draft.text,
    topic: draft.topic,
    importance: draft.importance,
    importanceWord: draft.importanceWord,
    messageIndex: draft.messageIndex,
    spanStart: draft.span?.start,
    spanEnd: draft.span?.end,
    createdSeq,
    validFrom,
    closed: placed.closed,
    embedding: draft.embedding,
  };
  return { memory, decisions: recorded };
}

/** The documented word for how a memory came in. */
const shapeOf = ({ messageIndex }: Draft): string => (messageIndex === undefined ? 'legacy_content' : 'messages');

const captureOf = ({ checked, scope, extraction, caller }: Writing, origin: Origin) => ({
  id: randomUUID(),
  tenantId: scope.tenantId,
  apiKeyId: caller.apiKeyId,
  ...origin,
  sessionId: checked.sessionId,
  messages: checked.messages,
  provider: extraction?.provider,
  model: extraction?.model,
  promptVersion: extraction?.promptVersion,
  inputTokens: extraction?.usage.inputTokens,
  outputTokens: extraction?.usage.outputTokens,
});
