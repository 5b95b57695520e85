import type { Attribution } from '../models/llm.js';
import type { Db, Tx } from '../store/client.js';
import { readMemories, readStoredIds, type MemoryRow } from '../store/memories.js';
import type { Reach } from '../store/reach.js';
import type { Draft } from './draft-facts.js';
import type { RecordedDraft } from './record-drafts.js';

/** What a write brought, before its memories are read for the caller. */
export interface Written {
  drafts: readonly RecordedDraft[];
  extraction: Attribution | null;
  cursor: bigint;
}

/** `validFrom`: what the write said, which is not what was stored where it said nothing. */
type StoredDraft = Omit<RecordedDraft, 'draft'> & { validFrom: string | null };

interface StoredReply {
  drafts: StoredDraft[];
  extraction: Attribution | null;
  cursor: string;
  /** All memories that it speaks of: when one of them is deleted, so is the reply. */
  memoryIds: string[];
}

/** A write's outcome without any text of a memory, as JSON. */
export function toReply({ drafts, extraction, cursor }: Written): StoredReply {
  const stored = drafts.map(({ draft, ...rest }) => ({ ...rest, validFrom: draft.validFrom?.toISOString() ?? null }));
  const memoryIds = drafts.flatMap(({ memoryId, decisions }) => [
    ...(memoryId === null ? [] : [memoryId]),
    ...decisions.map(({ rivalId }) => rivalId),
  ]);
  return { drafts: stored, extraction, cursor: cursor.toString(), memoryIds };
}

/** Without what was said of memories that were deleted since it was judged: a reason may quote them. */
export async function withoutGone(
  tx: Tx,
  accountId: string,
  drafts: readonly RecordedDraft[],
): Promise<RecordedDraft[]> {
  const rivals = drafts.flatMap(({ decisions }) => decisions.map(({ rivalId }) => rivalId));
  const stored = rivals.length > 0 ? new Set(await readStoredIds(tx, accountId, rivals)) : new Set();
  return drafts.map((draft) => ({ ...draft, decisions: draft.decisions.filter(({ rivalId }) => stored.has(rivalId)) }));
}

/** The outcome again, with the texts read from the memories. */
export async function fromReply(db: Db, reach: Reach, reply: unknown): Promise<Written> {
  // Written by toReply alone.
  const { drafts, extraction, cursor } = reply as StoredReply;
  const rows = await readMemories(
    db,
    reach,
    drafts.flatMap(({ memoryId }) => memoryId ?? []),
    {},
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    extraction,
    cursor: BigInt(cursor),
    drafts: drafts.flatMap(({ validFrom, ...stored }) => {
      const row = stored.memoryId === null ? undefined : byId.get(stored.memoryId);
      return row ? [{ ...stored, draft: toDraft(row, validFrom) }] : [];
    }),
  };
}

/** A draft as the reply shows it; its vector is not asked for again. */
const toDraft = (row: MemoryRow, validFrom: string | null): Draft => ({
  id: row.id,
  text: row.text,
  topic: row.topic,
  importance: row.importance,
  importanceWord: undefined,
  messageIndex: row.messageIndex ?? undefined,
  span: row.spanStart === null || row.spanEnd === null ? undefined : { start: row.spanStart, end: row.spanEnd },
  validFrom: validFrom === null ? undefined : new Date(validFrom),
  embedding: new Float32Array(),
});
