import { z } from 'zod';
import type { Attribution } from '../models/llm.js';
import { readAccount, readSettings } from '../store/accounts.js';
import { withLedger } from '../store/ledger.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { draftFacts } from './draft-facts.js';
import { judgeDrafts } from './judge-drafts.js';
import {
  instant,
  optional,
  parseInput,
  sessionId,
  source,
  storedTenant,
  tenantId,
  text,
  topic,
} from './parse-input.js';
import { recordDrafts, type RecordedDraft } from './record-drafts.js';
import { assertMayWrite, planUsage } from './rules/quota.js';

export type { Attribution } from '../models/llm.js';

const message = z.object({ role: z.enum(['user', 'assistant', 'system']), content: text(100_000) });

const addMemoriesInput = z
  .object({
    content: optional(text(50_000)),
    messages: optional(z.array(message).min(1).max(1_000)),
    topic: optional(topic),
    importance: optional(z.number()),
    importanceWord: optional(z.string().max(32)),
    source: optional(source),
    tenantId,
    sessionId,
    validFrom: optional(instant),
    autoSupersede: optional(z.boolean()),
    llm: optional(z.never('bring-your-own models are not supported yet')),
  })
  .refine(({ content, messages }) => (content === undefined) !== (messages === undefined), {
    error: 'exactly one of content and messages is required',
    path: ['content'],
  });

export type AddMemoriesInput = z.input<typeof addMemoriesInput>;
export type CheckedAddMemories = z.output<typeof addMemoriesInput>;

export interface AddMemoriesResult {
  mode: 'content' | 'messages';
  tenantId: string | null;
  /** One entry per fact, stored or already known. */
  drafts: readonly RecordedDraft[];
  /** The stored memories and, in content mode, the one that was already there. */
  memories: readonly MemoryRow[];
  /** Who extracted; null in content mode. */
  extraction: Attribution | null;
  /** Sequence number of the newest event this write caused or came after. */
  cursor: bigint;
}

/**
 * Stores a fact as it is (`content`), or the facts found in a conversation (`messages`); where auto-supersession is on,
 * a fact that replaces an older one closes it. All or nothing. @throws AppError INVALID_INPUT, QUOTA_EXCEEDED, UPSTREAM_*
 */
export async function addMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<AddMemoriesInput>,
  query?: Projection,
): Promise<AddMemoriesResult> {
  const checked = parseInput(addMemoriesInput, input);
  const [account, settings] = await Promise.all([
    readAccount(deps.db, caller.accountId),
    readSettings(deps.db, caller),
  ]);
  // Before any slow and dear work; counted exactly under the lock below.
  assertMayWrite(planUsage(account, deps.config.writesLimits, deps.now()), 1);

  const scope = { accountId: caller.accountId, tenantId: storedTenant(checked.tenantId) };
  const { drafts, extraction } = await draftFacts(deps, scope, checked);
  const judged = await judgeDrafts(
    deps,
    scope,
    drafts,
    settings,
    checked.autoSupersede ?? settings.autoSupersedeDefault,
  );
  const { result, cursor } = await withLedger(deps.db, caller, deps.now, (tx, ledger) =>
    recordDrafts(tx, ledger, { deps, caller, scope, checked, extraction }, judged),
  );
  const ids = result.map((draft) => draft.memoryId);
  return {
    mode: checked.content === undefined ? 'messages' : 'content',
    tenantId: checked.tenantId ?? null,
    drafts: result,
    memories: await readMemories(deps.db, caller.accountId, [...new Set(ids)], query),
    extraction,
    cursor,
  };
}
