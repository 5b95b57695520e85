import { randomUUID } from 'node:crypto';
import type { Attribution } from '../models/llm.js';
import type { Tx } from '../store/client.js';
import type { Ledger } from '../store/ledger.js';
import type { Scope } from '../store/listing.js';
import {
  closeWindow,
  findByFingerprint,
  fingerprint,
  insertMemories,
  mergeChains,
  type NewMemory,
} from '../store/memories.js';
import type { CheckedAddMemories } from './add-memories.js';
import { readChainsOf, type OpenChains } from './open-chains.js';
import type { Caller, Deps } from './deps.js';
import type { Draft } from './draft-facts.js';
import type { Decision, JudgedDraft } from './judge-drafts.js';
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
  const known = await knownFingerprints(tx, { ...scope, ...origin }, judged);
  const isFresh = judged.map(({ draft }) => claim(known, draft.text));
  const fresh = judged.filter((_draft, i) => isFresh[i]);
  if (fresh.length > 0) {
    const usage = planUsage(ledger.account, deps.config.writesLimits, ledger.at);
    assertMayWrite(usage, fresh.length);
    ledger.countWrites(usage, fresh.length);
  }

  const rivals = fresh.flatMap(({ decisions }) => decisions.filter((d) => d.isActionable).map((d) => d.rivalId));
  const chains = await readChainsOf(tx, scope.accountId, rivals);
  const memories: NewMemory[] = [];
  const recorded: RecordedDraft[] = [];
  for (const [i, item] of judged.entries()) {
    if (!isFresh[i]) {
      recorded.push({
        ...item,
        memoryId: known.get(fingerprint(item.draft.text)) ?? '',
        isDuplicate: true,
        decisions: [],
      });
      continue;
    }
    const { memory, decisions } = place(ledger, writing, origin, chains, item);
    known.set(fingerprint(item.draft.text), memory.id);
    memories.push(memory);
    recorded.push({ ...item, memoryId: memory.id, isDuplicate: false, decisions });
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

async function knownFingerprints(
  tx: Tx,
  scope: Scope & Origin,
  judged: readonly JudgedDraft[],
): Promise<Map<string, string>> {
  const rows = await findByFingerprint(
    tx,
    scope,
    judged.map(({ draft }) => draft.text),
  );
  return new Map(rows.map((row) => [row.fingerprint, row.id]));
}

/** True for the first of several drafts with one fingerprint, unless a stored memory has it already. */
function claim(known: Map<string, string>, text: string): boolean {
  const key = fingerprint(text);
  if (known.has(key)) return false;
  known.set(key, '');
  return true;
}

function place(
  ledger: Ledger,
  { scope }: Writing,
  origin: Origin,
  chains: OpenChains,
  { draft, decisions }: JudgedDraft,
): { memory: NewMemory; decisions: RecordedDecision[] } {
  const id = randomUUID();
  const validFrom = draft.validFrom ?? ledger.at;
  const about = { tenantId: scope.tenantId, topic: draft.topic, source: origin.source };
  const createdSeq = ledger.append({ kind: 'CREATED', ...about, memoryId: id, details: { shape: shapeOf(draft) } });
  const placed = chains.place(
    { id, validFrom },
    decisions.filter((d) => d.isActionable).map((d) => d.rivalId),
  );
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
