import { z } from 'zod';
import type { AnswerInput, LlmChoice } from '../models/llm.js';
import type { AsOf } from '../store/beliefs.js';
import { readLastSeq } from '../store/events.js';
import type { Scope } from '../store/listing.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import { authorize, tenantOf } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import { llmChoice } from './choose-llm.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asSeen } from './get-memory.js';
import { asOf, cursor as cursorInput, instant, optional, parseInput, source, tenantId, text } from './parse-input.js';
import { rank, type RankedHit } from './rank.js';

/** What a question takes. */
export const queryInput = z.object({
  question: text(10_000),
  limit: optional(z.number().int().min(1).max(100)),
  tenantId,
  sources: optional(z.array(source).max(100)),
  asOf,
  referenceDate: optional(instant),
  atLeast: optional(cursorInput),
  llm: optional(llmChoice),
});

export type QueryInput = z.input<typeof queryInput>;

/** A question with what was found for it, before any model has seen it. */
export interface PreparedQuestion {
  question: string;
  scope: Scope;
  /** The cell of time it is asked about; empty for now. */
  asOf: AsOf;
  /** What was retrieved by. */
  asked: { limit: number; tenantId: string | null; sources: readonly string[] | null };
  /** The state of knowledge it was looked at in. */
  cursor: bigint;
  /** Best first. */
  memories: readonly MemoryRow[];
  /** By memory id: where each stands, and why. */
  hits: ReadonlyMap<string, RankedHit>;
  /** What a model is to be asked. */
  input: AnswerInput;
  choice: LlmChoice | undefined;
}

/** Checks a question and retrieves what may answer it. @throws AppError INVALID_INPUT, UPSTREAM_* of the embedder */
export async function prepareQuestion(
  deps: Deps,
  caller: Caller,
  input: Unchecked<QueryInput>,
  query?: Projection,
): Promise<PreparedQuestion> {
  authorize(caller, 'query');
  const checked = parseInput(queryInput, input);
  const { db, now } = deps;
  const { question, llm: choice, sources, tenantId: tenant } = checked;
  const cell: AsOf = checked.asOf ?? {};
  await awaitCursor(deps, caller, checked.atLeast);
  const cursor = await readLastSeq(db, caller.accountId);
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, tenant) };
  const limit = checked.limit ?? deps.config.queryLimit;
  const all = await rank(deps, { scope, text: question, filter: { sources }, asOf: cell, depth: limit });
  const ranked = all.slice(0, limit);
  const ids = ranked.map(({ id }) => id);
  const memories = await asSeen(deps, caller, await readMemories(db, caller, ids, query), cell);
  const referenceDate = checked.referenceDate ?? cell.valid ?? cell.known ?? now();
  return {
    question,
    scope,
    asOf: cell,
    asked: { limit, tenantId: scope.tenantId || null, sources: sources ?? null },
    cursor,
    memories,
    hits: new Map(ranked.map((hit) => [hit.id, hit])),
    input: { question, memories, referenceDate },
    choice,
  };
}
