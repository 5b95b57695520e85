import { z } from 'zod';
import { readMemories, type MemoryRow } from '../store/memories.js';
import { authorize, tenantOf } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asSeen } from './get-memory.js';
import { memoryFilter } from './memory-filter.js';
import { asOf, cursor, optional, parseInput, text } from './parse-input.js';
import { rank, type RankedHit } from './rank.js';

const weight = z.number().min(0).max(10);

const searchInput = z.object({
  query: text(10_000),
  ...memoryFilter,
  asOf,
  atLeast: optional(cursor),
  limit: optional(z.number().int().min(1).max(100)),
  offset: optional(z.number().int().min(0).max(10_000)),
  weights: optional(z.object({ recency: optional(weight), importance: optional(weight) })),
});

export type SearchInput = z.input<typeof searchInput>;

export interface SearchHit extends RankedHit {
  memory: MemoryRow;
}

export interface SearchPage {
  /** Best first. */
  hits: readonly SearchHit[];
  /** How many came before this page. */
  offset: number;
  hasMore: boolean;
}

/** Memories of a tenant by relevance to a text, without an answer, each with why it ranks where it does. @throws AppError INVALID_INPUT, UPSTREAM_* */
export async function searchMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<SearchInput>,
  query?: Projection,
): Promise<SearchPage> {
  authorize(caller, 'memories:read');
  const checked = parseInput(searchInput, input);
  const {
    query: sought,
    tenantId: tenant,
    asOf: cell = {},
    atLeast,
    limit = 10,
    offset = 0,
    weights,
    ...filter
  } = checked;
  await awaitCursor(deps, caller, atLeast);
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, tenant) };
  const depth = offset + limit + 1;
  const ranked = await rank(deps, { scope, text: sought, filter, asOf: cell, depth, weights });
  const page = ranked.slice(offset, offset + limit);
  const rows = await readMemories(
    deps.db,
    caller,
    page.map(({ id }) => id),
    query,
  );
  const memories = new Map((await asSeen(deps, caller, rows, cell)).map((memory) => [memory.id, memory]));
  const hits = page.flatMap((hit) => {
    const memory = memories.get(hit.id);
    return memory ? [{ ...hit, memory }] : [];
  });
  return { hits, offset, hasMore: ranked.length > offset + limit };
}
