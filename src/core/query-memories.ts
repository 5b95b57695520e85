import { z } from 'zod';
import type { Attribution } from '../models/llm.js';
import type { AsOf } from '../store/beliefs.js';
import { readLastSeq } from '../store/events.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import { awaitCursor } from './await-cursor.js';
import { chooseLlm, llmChoice } from './choose-llm.js';
import { countTokens } from './count-tokens.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asSeen } from './get-memory.js';
import { rememberAnswer } from './own-words.js';
import {
  asOf,
  cursor as cursorInput,
  instant,
  optional,
  parseInput,
  source,
  storedTenant,
  tenantId,
  text,
} from './parse-input.js';
import { retrieve } from './retrieve.js';
import { toCitations } from './rules/citations.js';

/** The documented reply to a question about nothing; no model is asked. */
export const NOTHING_STORED = 'No memories found for this company yet.';

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

export interface Citation {
  /** N of the marker [mem-N], from 1. */
  index: number;
  memory: MemoryRow;
  /** Cosine of question and memory, 0 to 1. */
  similarity: number;
  isCited: boolean;
}

export interface Answer {
  question: string;
  text: string;
  textWithCitations: string;
  /** False: nothing that was retrieved supports an answer. */
  isAnswered: boolean;
  citations: readonly Citation[];
  /** Everything retrieved, best first. */
  memories: readonly MemoryRow[];
  memoriesSearched: number;
  /** Who answered, and what it took; null where no model was asked. */
  attribution: (Attribution & { isByoLlm: boolean }) | null;
  /** The cell of time it was asked about; empty for now. */
  asOf: AsOf;
  /** What was retrieved by. */
  asked: { limit: number; tenantId: string | null; sources: readonly string[] | null };
  /** The state of knowledge it was given in. */
  cursor: bigint;
}

/** Answers a question from current memories of one tenant, citing those used. @throws AppError INVALID_INPUT, UPSTREAM_* */
export async function queryMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<QueryInput>,
  query?: Projection,
): Promise<Answer> {
  const checked = parseInput(queryInput, input);
  const { db, now } = deps;
  const cell: AsOf = checked.asOf ?? {};
  await awaitCursor(deps, caller, checked.atLeast);
  const cursor = await readLastSeq(db, caller.accountId);
  const scope = scopeOf(caller, checked.tenantId);
  const all = await retrieve(deps, { scope, text: checked.question, filter: { sources: checked.sources }, asOf: cell });
  const limit = checked.limit ?? deps.config.queryLimit;
  const ranked = all.slice(0, limit);
  const asked = { limit, tenantId: checked.tenantId ?? null, sources: checked.sources ?? null };
  const rows = await readMemories(
    db,
    caller.accountId,
    ranked.map(({ id }) => id),
    query,
  );
  const memories = await asSeen(deps, caller, rows, cell);
  const base = { question: checked.question, memories, memoriesSearched: memories.length, asOf: cell, asked, cursor };
  if (memories.length === 0) {
    const nothing = { text: NOTHING_STORED, textWithCitations: NOTHING_STORED, isAnswered: false, citations: [] };
    return { ...base, ...nothing, attribution: null };
  }
  const llm = await chooseLlm(deps, caller.accountId, checked.llm);
  const {
    text: said,
    isAnswered,
    ...attribution
  } = await llm.answer({
    question: checked.question,
    memories,
    referenceDate: checked.referenceDate ?? cell.valid ?? cell.known ?? now(),
  });
  const spent = { ...attribution, isByoLlm: checked.llm !== undefined };
  await countTokens(deps, caller, [{ ...spent, purpose: 'ANSWER' }]);
  const { citations, ...texts } = toCitations(framed(said, cell), memories);
  if (citations.length > 0) await rememberAnswer(deps, scope, texts.text, memories);
  const similarities = new Map(ranked.map(({ id, similarity }) => [id, similarity]));
  return {
    ...base,
    ...texts,
    // An answer that cites nothing is grounded in nothing, whatever the model says of it.
    isAnswered: isAnswered && citations.length > 0,
    attribution: spent,
    citations: citations.map(({ hit, ...citation }) => ({
      ...citation,
      memory: hit,
      similarity: similarities.get(hit.id) ?? 0,
    })),
  };
}

/** An answer about the past says so, whatever the model wrote. */
function framed(text: string, { valid, known }: AsOf): string {
  const at = valid ?? known;
  return at && !text.startsWith('As of ') ? `As of ${at.toISOString().slice(0, 10)}: ${text}` : text;
}

const scopeOf = ({ accountId }: Caller, tenant: string | undefined) => ({ accountId, tenantId: storedTenant(tenant) });
