import { z } from 'zod';
import { AppError } from '../errors.js';
import { readChanges, seenFrom, type MemoryEvent } from '../store/events.js';
import { authorize, tenantOf } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { cursor, instant, optional, parseInput, source, tenantId, topic } from './parse-input.js';

export const changesInput = z.object({
  from: instant,
  to: instant,
  tenantId,
  sources: optional(z.array(source).max(100)),
  topics: optional(z.array(topic).max(100)),
  limit: optional(z.number().int().min(1).max(1_000)),
  after: optional(cursor),
  atLeast: optional(cursor),
});

export interface ChangePage {
  /** Oldest first. */
  events: readonly MemoryEvent[];
  hasMore: boolean;
}

/**
 * What changed in a tenant in [from, to) of transaction time: created, superseded, expired, retracted, reverted, deleted.
 * @throws AppError INVALID_INPUT
 */
export async function listChanges(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof changesInput>>,
  query?: Projection,
): Promise<ChangePage> {
  authorize(caller, 'memories:read');
  const { limit = 100, atLeast, ...checked } = parseInput(changesInput, input);
  if (checked.to <= checked.from) throw new AppError('INVALID_INPUT', 'to: must lie after from', { field: 'to' });
  await awaitCursor(deps, caller, atLeast);
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, checked.tenantId) };
  const events = await readChanges(deps.db, scope, checked, limit + 1, query);
  const { boundTenant } = caller;
  const seen = boundTenant === undefined ? events : events.map((event) => seenFrom(boundTenant, event));
  return { events: seen.slice(0, limit), hasMore: events.length > limit };
}
