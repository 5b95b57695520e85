import { AppError } from '../errors.js';
import type { Attribution, Usage } from '../models/llm.js';
import { readAccountAndSettings } from '../store/accounts.js';
import { rehearse, withLedger } from '../store/ledger.js';
import { hasNewerThan, type Scope } from '../store/listing.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import {
  addMemoriesInput,
  assertJudgeable,
  assertReadable,
  type AddMemoriesInput,
  type CheckedAddMemories,
} from './add-memories-input.js';
import { authorize, tenantOf } from './authorize.js';
import { countTokens, totalUsage, type Spent } from './count-tokens.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { draftFacts } from './draft-facts.js';
import { getMemory } from './get-memory.js';
import { judgeDrafts, judgeNewcomers, type JudgedDraft, type Judging } from './judge-drafts.js';
import { parseInput } from './parse-input.js';
import { recordDrafts, type RecordedDraft, type Writing } from './record-drafts.js';
import { assertMayWrite, planUsage } from './rules/quota.js';
import { fromReply, toReply, withoutGone, type Written } from './stored-reply.js';
import { writeOnce, type Complete } from './write-once.js';

export type { Attribution } from '../models/llm.js';
export type { AddMemoriesInput } from './add-memories-input.js';

export interface AddMemoriesResult {
  mode: 'content' | 'messages';
  /** Nothing was written: what follows is what would have been. */
  isDryRun: boolean;
  tenantId: string | null;
  /** One entry per fact, stored or already known. */
  drafts: readonly RecordedDraft[];
  /** Reads the stored memories, and those that were already there: only for a caller who looks at them. */
  readMemories: () => Promise<MemoryRow[]>;
  /** Who extracted; null in content mode. */
  extraction: (Attribution & { isByoLlm: boolean }) | null;
  /** Tokens that models took for this write, extraction and classification together. */
  usage: Usage;
  /** Sequence number of the newest event this write caused or came after. */
  cursor: bigint;
}

/**
 * Stores a fact as it is (`content`), or the facts found in a conversation (`messages`); where auto-supersession is on,
 * a fact that replaces an older one closes it, or proposes to. With `supersedes` a fact takes its place, by `validFrom`,
 * in the chain of that version. With `dryRun` all is worked out and nothing is written.
 * All or nothing. @throws AppError INVALID_INPUT, QUOTA_EXCEEDED, UPSTREAM_*, LLM_*; see writeOnce
 */
export async function addMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<AddMemoriesInput>,
  query?: Projection,
): Promise<AddMemoriesResult> {
  authorize(caller, 'memories:write');
  const { idempotencyKey: key, ...checked } = parseInput(addMemoriesInput, input);
  assertReadable(checked.messages, deps.config.maxConversationCharacters);
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, checked.tenantId) };
  const written = await writeOnce(
    deps,
    caller,
    { key, tenantId: scope.tenantId, input: withoutSecret(checked) },
    (complete) => write(deps, caller, scope, checked, complete),
    (reply) => fromReply(deps.db, caller, reply),
  );
  const isByoLlm = checked.llm !== undefined;
  const decisions = written.drafts.flatMap((draft) => draft.decisions);
  return {
    ...written,
    mode: checked.content === undefined ? 'messages' : 'content',
    isDryRun: checked.dryRun ?? false,
    extraction: written.extraction && { ...written.extraction, isByoLlm },
    usage: totalUsage(written.extraction ? [written.extraction, ...decisions] : decisions),
    tenantId: scope.tenantId || null,
    readMemories: () => readMemories(deps.db, caller, idsOf(written.drafts), query),
  };
}

const idsOf = (drafts: readonly RecordedDraft[]): string[] => [
  ...new Set(drafts.flatMap(({ memoryId }) => memoryId ?? [])),
];

/** A caller's key to its model is not kept, not even within a hash. */
const withoutSecret = ({ llm, ...checked }: CheckedAddMemories): object => ({
  ...checked,
  ...(llm && { llm: { ...llm, apiKey: undefined } }),
});

async function write(
  deps: Deps,
  caller: Caller,
  scope: Scope,
  checked: CheckedAddMemories,
  complete: Complete | undefined,
): Promise<Written> {
  const { account, settings } = await readAccountAndSettings(deps.db, caller);
  // Before any slow and dear work; counted exactly under the lock below.
  assertMayWrite(planUsage(account, deps.config.writesLimits, deps.now()), 1);
  await assertSameTenant(deps, caller, scope, checked.supersedes);
  const { drafts, extraction } = await draftFacts(deps, scope, checked);
  // Who says which version a fact replaces needs no classifier.
  const isJudged = (checked.autoSupersede ?? settings.autoSupersedeDefault) && checked.supersedes === undefined;
  if (isJudged) assertJudgeable(drafts.length, deps.config.maxJudgedFacts);
  const judging = { deps, scope, settings };
  const judged = await judgeDrafts(judging, drafts, isJudged);
  await countTokens(deps, caller, spentOn(judged, extraction, checked.llm !== undefined));
  const writing = { deps, caller, scope, checked, extraction };
  if (checked.dryRun) return tryOut(writing, judged);
  const record = () => recordJudged(writing, complete, judging, { judged, seen: account.lastSeq });
  // In turns: of many that judge and store at once one would get through a round, and the others judge again.
  return isJudged ? deps.turns.take(`${scope.accountId} ${scope.tenantId}`, record) : record();
}

const spentOn = (judged: readonly JudgedDraft[], extraction: Attribution | null, isByoLlm: boolean): Spent[] => [
  ...(extraction ? [{ ...extraction, purpose: 'EXTRACTION' as const, isByoLlm }] : []),
  ...judged.flatMap(({ decisions }) =>
    decisions.map((decision) => ({ ...decision, purpose: 'CLASSIFICATION' as const, isByoLlm: false })),
  ),
];

/** What the write would do, on the rows as they are now, taken back again. */
async function tryOut(writing: Writing, judged: readonly JudgedDraft[]): Promise<Written> {
  const { deps, caller, extraction } = writing;
  const { result, cursor } = await rehearse(deps.db, caller, deps.now, (tx, ledger) =>
    recordDrafts(tx, ledger, writing, judged, false),
  );
  // What was not stored has no id to ask for.
  const drafts = result.map((draft) => ({ ...draft, memoryId: draft.isDuplicate ? draft.memoryId : null }));
  return { drafts, extraction, cursor };
}

/** How often a write steps back for writers in other processes before it is stored on what it knows. */
const MAX_ROUNDS = 50;

/**
 * Stores what was judged. A memory that another write stored meanwhile was not judged: that would leave two current
 * facts where one replaces the other. The write then steps back, judges the newcomers outside the lock, and comes again.
 */
async function recordJudged(
  writing: Writing,
  complete: Complete | undefined,
  judging: Judging,
  first: { judged: readonly JudgedDraft[]; seen: bigint },
): Promise<Written> {
  const { deps, caller, scope, extraction } = writing;
  let { judged, seen } = first;
  for (let round = 1; ; round++) {
    const isOpen = round < MAX_ROUNDS && judged.some(({ hasRun }) => hasRun);
    const { result: drafts, cursor } = await withLedger(deps.db, caller, deps.now, async (tx, ledger) => {
      if (isOpen && ledger.cursor > seen && (await hasNewerThan(tx, scope, seen))) return null;
      const isUnchanged = ledger.cursor === seen;
      const recorded = await recordDrafts(tx, ledger, writing, judged, isUnchanged);
      if (complete) {
        const kept = isUnchanged ? recorded : await withoutGone(tx, caller.accountId, recorded);
        await complete(tx, toReply({ drafts: kept, extraction, cursor: ledger.cursor }));
      }
      return recorded;
    });
    if (drafts) return { drafts, extraction, cursor };
    const again = await judgeNewcomers(judging, judged, seen);
    await countTokens(deps, caller, spentOn(newlyJudged(judged, again), null, false));
    judged = again;
    seen = cursor;
  }
}

/** What a round added, which stands first. */
const newlyJudged = (before: readonly JudgedDraft[], after: readonly JudgedDraft[]): JudgedDraft[] =>
  after.map((draft, i) => ({
    ...draft,
    decisions: draft.decisions.slice(0, draft.decisions.length - (before[i]?.decisions.length ?? 0)),
  }));

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
