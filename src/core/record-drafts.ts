import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.js';
import type { Attribution } from '../models/llm.js';
import type { Tx } from '../store/client.js';
import type { Ledger } from '../store/ledger.js';
import type { Scope } from '../store/listing.js';
import { closeWindow, insertMemories, mergeChains, readCurrentIds, type NewMemory } from '../store/memories.js';
import { insertProposals } from '../store/proposals.js';
import type { CheckedAddMemories } from './add-memories-input.js';
import { chargeWrites } from './charge-writes.js';
import { readChainsOf, type OpenChains, type Placed } from './open-chains.js';
import type { Caller, Deps } from './deps.js';
import type { Decision, JudgedDraft } from './judge-drafts.js';
import { readKnownFacts } from './known-facts.js';
import { originOf, toCreated, toNewMemory, type Origin } from './new-memory.js';
import { DecisionRecorder, type RecordedDecision } from './record-decisions.js';

/** What became of one draft. */
export interface RecordedDraft extends Omit<JudgedDraft, 'decisions'> {
  /** The new memory, or the current one that already says so. Null when nothing was stored: in a dry run. */
  memoryId: string | null;
  isDuplicate: boolean;
  decisions: readonly RecordedDecision[];
}

export interface Writing {
  deps: Deps;
  caller: Caller;
  scope: Scope;
  checked: CheckedAddMemories;
  extraction: Attribution | null;
}

/**
 * Stores judged drafts under the account's lock: deduplicates, counts, places each in its chain, and appends the events.
 * `isUnchanged`: nothing happened in the account since they were judged.
 */
export async function recordDrafts(
  tx: Tx,
  ledger: Ledger,
  writing: Writing,
  judged: readonly JudgedDraft[],
  isUnchanged: boolean,
): Promise<RecordedDraft[]> {
  const { deps, scope, checked } = writing;
  const origin = originOf(checked);
  const claims = judged.map(({ draft: { text, validFrom } }) => ({
    tenantId: scope.tenantId,
    ...origin,
    text,
    validFrom,
  }));
  const known = await readKnownFacts(tx, scope.accountId, claims, ledger.at);
  // Who names the version to replace says that this is another one, however alike the texts.
  const items = judged.map((item, i) => {
    const claim = checked.supersedes === undefined ? claims[i] : undefined;
    return { item, repeatedId: claim ? known.claim(claim, item.draft.id) : null };
  });
  const fresh = items.flatMap(({ item, repeatedId }) => (repeatedId === null ? item : []));
  if (fresh.length > 0) chargeWrites(ledger, deps.config.writesLimits, fresh.length);
  const { chains, recorder } = await openFor(tx, ledger, writing, origin, fresh, isUnchanged);
  const memories: NewMemory[] = [];
  const recorded = items.map(({ item, repeatedId }): RecordedDraft => {
    if (repeatedId !== null) return { ...item, memoryId: repeatedId, isDuplicate: true, decisions: [] };
    const { memory, placed } = place(ledger, writing, origin, chains, item);
    memories.push(memory);
    return { ...item, memoryId: memory.id, isDuplicate: false, decisions: recorder.record(item, placed) };
  });
  await store(tx, ledger, writing, origin, chains, memories);
  await insertProposals(tx, { ...scope, at: ledger.at }, recorder.proposals);
  return recorded;
}

/** The chains that may change, and what to record decisions with. */
async function openFor(
  tx: Tx,
  ledger: Ledger,
  { scope, checked }: Writing,
  origin: Origin,
  fresh: readonly JudgedDraft[],
  isUnchanged: boolean,
): Promise<{ chains: OpenChains; recorder: DecisionRecorder }> {
  const decisions = fresh.flatMap((item) => item.decisions).filter(({ verdict }) => verdict !== 'independent');
  const drafted = new Set(fresh.map(({ draft }) => draft.id));
  const idsOf = (some: readonly Decision[]) => some.map(({ rivalId }) => rivalId).filter((id) => !drafted.has(id));
  const rivals = idsOf(decisions.filter(({ isActionable }) => isActionable));
  const anchor = checked.supersedes;
  const chains = await readChainsOf(tx, scope.accountId, anchor === undefined ? rivals : [...rivals, anchor]);
  if (anchor !== undefined && !chains.find(anchor)) {
    throw new AppError('NOT_FOUND', 'There is no such memory.', { field: 'supersedes' });
  }
  // Judged before the lock was taken: a rival may have been closed since, or deleted.
  const others = idsOf(decisions.filter(({ isActionable }) => !isActionable));
  const mustLook = others.length > 0 && !isUnchanged;
  const current = mustLook ? await readCurrentIds(tx, scope.accountId, others) : others;
  const isThere = (id: string) => drafted.has(id) || current.includes(id) || chains.find(id) !== undefined;
  return { chains, recorder: new DecisionRecorder(ledger, { ...scope, source: origin.source }, isThere) };
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
  // One fact of a write may end another of the same write: that one comes in closed, in the chain of both.
  const rows = memories.map((memory) => {
    const chainId = chains.find(memory.id)?.chainId ?? memory.chainId;
    return {
      ...memory,
      chainId,
      isFirst: memory.isFirst && chainId === memory.chainId,
      closed: closed.get(memory.id) ?? memory.closed,
    };
  });
  for (const { id } of rows) closed.delete(id);
  // Windows close before rows come in: the database admits one current version per chain at any moment.
  for (const window of closed.values()) await closeWindow(tx, where, window);
  for (const { into, absorbed } of chains.merges()) await mergeChains(tx, where.accountId, into, absorbed);
  const write = { capture: captureOf(writing, origin), memories: rows };
  await insertMemories(tx, { ...where, embeddingModel: writing.deps.embedder.id }, [write]);
}

function place(
  ledger: Ledger,
  { scope, checked }: Writing,
  origin: Origin,
  chains: OpenChains,
  { draft, decisions }: JudgedDraft,
): { memory: NewMemory; placed: Placed } {
  const validFrom = draft.validFrom ?? ledger.at;
  const createdSeq = ledger.append(toCreated(draft, { tenantId: scope.tenantId, source: origin.source }));
  const replaced = decisions.filter((d) => d.isActionable).map((d) => d.rivalId);
  const placed = chains.place({ id: draft.id, validFrom }, replaced, checked.supersedes);
  const { chainId, isFirst, closed } = placed;
  return { memory: toNewMemory(draft, { chainId, isFirst, closed, createdSeq, validFrom }), placed };
}

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
  isByoLlm: checked.llm !== undefined && extraction !== null,
  inputTokens: extraction?.usage.inputTokens,
  outputTokens: extraction?.usage.outputTokens,
});
