import { getAudit } from '../core/get-audit.js';
import { viewMemory } from '../core/get-memory.js';
import { listVersions } from '../core/get-timeline.js';
import { supersedeMemory } from '../core/supersede-memory.js';
import { AppError } from '../errors.js';
import { asOfIn, viewOf, type RestCall, type Route } from './call.js';
import type * as replies from './replies/memory.js';
import type { Shape } from './replies/shape.js';
import type { superseded } from './replies/writes.js';
import { toAudit } from './wire-audit.js';
import { fromWire, timestamp, toMemory } from './wire.js';

/** The endpoints about one memory. */
export const MEMORY_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/memories/{memory_id}', run: getOne },
  { method: 'GET', path: '/memories/{memory_id}/timeline', run: timeline },
  { method: 'GET', path: '/memories/{memory_id}/audit', run: audit },
  {
    method: 'POST',
    path: '/memories/{memory_id}/supersede',
    run: supersede,
    invalidInput: ({ field }) => (field === undefined ? 'badRequest' : undefined),
  },
];

const at = ({ path, query }: RestCall) => ({
  memoryId: path['memory_id'],
  asOf: asOfIn(query),
  atLeast: query.get('at_least'),
});

async function getOne(call: RestCall): Promise<Shape<typeof replies.memory>> {
  const { memoryId, ...view } = at(call);
  const memory = await viewMemory(call.deps, call.caller, { id: memoryId, ...view });
  if (!memory) throw new AppError('NOT_FOUND', 'This memory was not there at that time.');
  return toMemory(memory, await viewOf(call));
}

async function timeline(call: RestCall): Promise<Shape<typeof replies.timeline>> {
  const memories = await listVersions(call.deps, call.caller, at(call));
  const view = await viewOf(call);
  return {
    memory_id: (call.path['memory_id'] ?? '').toLowerCase(),
    company_id: call.caller.accountId,
    chain_length: memories.length,
    timeline: memories.map((memory) => toMemory(memory, view)),
  };
}

async function audit(call: RestCall): Promise<Shape<typeof replies.audit>> {
  return toAudit(await getAudit(call.deps, call.caller, at(call)), call.caller.accountId, await viewOf(call));
}

async function supersede({ deps, caller, path, body }: RestCall): Promise<Shape<typeof superseded>> {
  const input = { ...fromWire(body), memoryId: path['memory_id'] };
  const { memory, supersededById, validTo, cursor } = await supersedeMemory(deps, caller, input);
  return {
    status: supersededById === null ? 'expired' : 'superseded',
    memory_id: memory.id,
    superseded_by: supersededById,
    valid_to: timestamp(validTo),
    cursor: cursor.toString(),
  };
}
