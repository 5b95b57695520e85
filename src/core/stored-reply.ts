import type { Attribution } from '../models/llm.js';
import type { Db } from '../store/client.js';
import { readMemories } from '../store/memories.js';
import type { RecordedDraft } from './record-drafts.js';

/** What a write brought, before its memories are read for the caller. */
export interface Written {
  drafts: readonly RecordedDraft[];
  extraction: Attribution | null;
  cursor: bigint;
}

type StoredDraft = Omit<RecordedDraft, 'draft'>;

interface StoredReply {
  drafts: StoredDraft[];
  extraction: Attribution | null;
  cursor: string;
  /** All memories that it speaks of: when one of them is deleted, so is the reply. */
  memoryIds: string[];
}

/** A write's outcome without any text of a memory, as JSON. */
export function toReply({ drafts, extraction, cursor }: Written): StoredReply {
  const stored = drafts.map(({ draft, ...rest }) => rest);
  const memoryIds = drafts.flatMap(({ memoryId, decisions }) => [memoryId, ...decisions.map(({ rivalId }) => rivalId)]);
  return { drafts: stored, extraction, cursor: cursor.toString(), memoryIds };
}

/** The outcome again, with the texts read from the memories. */
export async function fromReply(db: Db, accountId: string, reply: unknown): Promise<Written> {
  // Written by toReply alone.
  const { drafts, extraction, cursor } = reply as StoredReply;
  const rows = await readMemories(
    db,
    accountId,
    drafts.map(({ memoryId }) => memoryId),
    {},
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    extraction,
    cursor: BigInt(cursor),
    drafts: drafts.flatMap((stored) => {
      const row = byId.get(stored.memoryId);
      return row
        ? [
            {
              ...stored,
              draft: {
                ...row,
                importanceWord: undefined,
                messageIndex: undefined,
                span: undefined,
                embedding: new Float32Array(),
              },
            },
          ]
        : [];
    }),
  };
}
