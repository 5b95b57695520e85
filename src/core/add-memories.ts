import { AppError } from '../errors.js';
import type { Attribution } from '../models/llm.js';
import { readAccount, readSettings, type Settings } from '../store/accounts.js';
import { completeKey } from '../store/idempotency-keys.js';
import { withLedger } from '../store/ledger.js';
import { hasNewerThan, type Scope } from '../store/listing.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import { addMemoriesInput, type AddMemoriesInput, type CheckedAddMemories } from './add-memories-input.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { draftFacts } from './draft-facts.js';
import { getMemory } from './get-memory.js';
import { judgeDrafts, judgeNewcomers, type JudgedDraft } from './judge-drafts.js';
import { parseInput, storedTenant } from './parse-input.js';
import { recordDrafts, type RecordedDraft, type Writing } from './record-drafts.js';
import { assertMayWrite, planUsage } from './rules/quota.js';
import { fromReply, toReply, type Written } from './stored-reply.js';
import { writeOnce } from './write-once.js';

export type { Attribution } from '../models/llm.js';
export type { AddMemoriesInput } from './add-memories-input.js';

export interface AddMemoriesResult {
  mode: 'content' | 'messages';
  tenantId: string | null;
  /** One entry per fact, stored or already known. */
  drafts: readonly RecordedDraft[];
  /** The stored memories, and those that were already there. */
  memories: readonly MemoryRow[];
  /** Who extracted; null in content mode. */
  extraction: Attribution | null;
  /** Sequence number of the newest event this write caused or came after. */
  cursor: bigint;
}

/**
 * Stores a fact as it is (`content`), or the facts found in a conversation (`messages`); where auto-supersession is on,
 * a fact that replaces an older one closes it. With `supersedes` a fact takes its place, by `validFrom`, in the chain of
 * that version. All or nothing. @throws AppError INVALID_INPUT, QUOTA_EXCEEDED, UPSTREAM_*; see writeOnce
 */
export async function addMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<AddMemoriesInput>,
  query?: Projection,
): Promise<AddMemoriesResult> {
  const { idempotencyKey: key, ...checked } = parseInput(addMemoriesInput, input);
  const scope = { accountId: caller.accountId, tenantId: storedTenant(checked.tenantId) };
  const written = await writeOnce(
    deps,
    caller,
    { key, tenantId: scope.tenantId, input: checked },
    () => write(deps, caller, scope, checked, key),
    (reply) => fromReply(deps.db, caller.accountId, reply),
  );
  const ids = new Set(written.drafts.map(({ memoryId }) => memoryId));
  return {
    ...written,
    mode: checked.content === undefined ? 'messages' : 'content',
    tenantId: checked.tenantId ?? null,
    memories: await readMemories(deps.db, caller.accountId, [...ids], query),
  };
}

async function write(
  deps: Deps,
  caller: Caller,
  scope: Scope,
  checked: CheckedAddMemories,
  key: string | undefined,
): Promise<Written> {
  const [account, settings] = await Promise.all([
    readAccount(deps.db, caller.accountId),
    readSettings(deps.db, caller),
  ]);
  // Before any slow and dear work; counted exactly under the lock below.
  assertMayWrite(planUsage(account, deps.config.writesLimits, deps.now()), 1);
  await assertSameTenant(deps, caller, scope, checked.supersedes);
  const { drafts, extraction } = await draftFacts(deps, scope, checked);
  // Who says which version a fact replaces needs no classifier.
  const isJudged = (checked.autoSupersede ?? settings.autoSupersedeDefault) && checked.supersedes === undefined;
  const judged = await judgeDrafts(deps, scope, drafts, settings, isJudged);
  const writing = { deps, caller, scope, checked, extraction };
  const record = () => recordJudged(writing, key, settings, { judged, seen: account.lastSeq });
  // In turns: of many that judge and store at once one would get through a round, and the others judge again.
  return isJudged ? deps.turns.take(`${scope.accountId} ${scope.tenantId}`, record) : record();
}

/** How often a write steps back for writers in other processes before it is stored on what it knows. */
const MAX_ROUNDS = 50;

/**
 * Stores what was judged. A memory that another write stored meanwhile was not judged: that would leave two current
 * facts where one replaces the other. The write then steps back, judges the newcomers outside the lock, and comes again.
 */
async function recordJudged(
  writing: Writing,
  key: string | undefined,
  settings: Settings,
  first: { judged: readonly JudgedDraft[]; seen: bigint },
): Promise<Written> {
  const { deps, caller, scope, extraction } = writing;
  let { judged, seen } = first;
  for (let round = 1; ; round++) {
    const isOpen = round < MAX_ROUNDS && judged.some(({ hasRun }) => hasRun);
    const { result: drafts, cursor } = await withLedger(deps.db, caller, deps.now, async (tx, ledger) => {
      if (isOpen && ledger.cursor > seen && (await hasNewerThan(tx, scope, seen))) return null;
      const recorded = await recordDrafts(tx, ledger, writing, judged);
      const reply = () => toReply({ drafts: recorded, extraction, cursor: ledger.cursor });
      if (key !== undefined) await completeKey(tx, caller.accountId, key, reply());
      return recorded;
    });
    if (drafts) return { drafts, extraction, cursor };
    judged = await judgeNewcomers(deps, scope, judged, settings, seen);
    seen = cursor;
  }
}

/** The version that a new one is to be placed beside must be one that the caller may see, in the same tenant. */
async function assertSameTenant(
  deps: Deps,
  caller: Caller,
  scope: Scope,
  supersedes: string | undefined,
): Promise<void> {
  if (supersedes === undefined) return;
  const { tenantId: other } = await getMemory(deps, caller, { id: supersedes }, {}, 'supersedes');
  if (other === scope.tenantId) return;
  throw new AppError('INVALID_INPUT', 'supersedes: belongs to another tenant', { field: 'supersedes' });
}
