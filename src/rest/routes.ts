import { addMemories } from '../core/add-memories.js';
import type { Caller, Deps } from '../core/deps.js';
import { getTimeline } from '../core/get-timeline.js';
import { listMemories } from '../core/list-memories.js';
import { planStatus } from '../core/plan-status.js';
import { queryMemories } from '../core/query-memories.js';
import { readSettings, updateSettings } from '../core/settings.js';
import { memoryState } from '../core/rules/validity.js';
import { fromWire, toAdded, toAnswer, toMemory, toPlanStatus, toSettings, type View } from './wire.js';

export interface RestCall {
  deps: Deps;
  caller: Caller;
  /** Values of the path's `{names}`. */
  path: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** The parsed JSON object; empty without a body. */
  body: Readonly<Record<string, unknown>>;
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  run: (call: RestCall) => Promise<object>;
  /** Documented for this endpoint alone: an unusable value is 400, in a shape of its own beside `detail`. */
  hasOwnInvalidReply?: true;
}

/** The endpoints. Each only renames: what is valid, and who may do what, is decided in core. */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/agent/memories', run: postMemories },
  { method: 'GET', path: '/agent/memories', run: getMemories },
  { method: 'POST', path: '/agent/query', run: postQuery },
  { method: 'GET', path: '/memories/{memory_id}/timeline', run: getMemoryTimeline },
  {
    method: 'GET',
    path: '/agent/settings',
    run: async ({ deps, caller }) => toSettings(await readSettings(deps, caller)),
  },
  {
    method: 'PATCH',
    path: '/agent/settings',
    run: async ({ deps, caller, body }) => toSettings(await updateSettings(deps, caller, fromWire(body))),
    hasOwnInvalidReply: true,
  },
  {
    method: 'GET',
    path: '/plan/status',
    run: async ({ deps, caller }) => toPlanStatus(await planStatus(deps, caller)),
  },
];

async function postMemories({ deps, caller, body }: RestCall): Promise<object> {
  return toAdded(await addMemories(deps, caller, fromWire(body)), caller.accountId, deps.config.messagesStatus);
}

async function getMemories({ deps, caller, query }: RestCall): Promise<object> {
  const includeSuperseded = toBoolean(query.get('include_superseded'));
  const asOf = { valid: query.get('as_of'), known: query.get('transaction_as_of') };
  const source = query.get('source');
  const isPast = asOf.valid !== null || asOf.known !== null;
  const page = await listMemories(deps, caller, {
    tenantId: query.get('tenant_id'),
    sources: source === null ? undefined : [source],
    state: includeSuperseded && !isPast ? 'ANY' : 'CURRENT',
    asOf,
    limit: toNumber(query.get('limit')),
  });
  const view = await viewOf(deps, caller);
  return {
    company_id: caller.accountId,
    tenant_id: query.get('tenant_id'),
    as_of: asOf.valid,
    transaction_as_of: asOf.known,
    include_superseded: includeSuperseded,
    source,
    count: page.memories.length,
    superseded_count: page.memories.filter((memory) => memoryState(memory, view.now) === 'SUPERSEDED').length,
    memories: page.memories.map((memory) => toMemory(memory, view)),
  };
}

async function postQuery({ deps, caller, body }: RestCall): Promise<object> {
  const answer = await queryMemories(deps, caller, fromWire(body));
  return toAnswer(answer, caller.accountId, await viewOf(deps, caller));
}

async function getMemoryTimeline({ deps, caller, path }: RestCall): Promise<object> {
  const { memories = [] } = await getTimeline(deps, caller, { memoryId: path['memory_id'] });
  const view = await viewOf(deps, caller);
  return {
    memory_id: path['memory_id']?.toLowerCase(),
    company_id: caller.accountId,
    chain_length: memories.length,
    timeline: memories.map((memory) => toMemory(memory, view)),
  };
}

async function viewOf(deps: Deps, caller: Caller): Promise<View> {
  const { freshnessHalfLifeDays } = await readSettings(deps, caller);
  return { now: deps.now(), freshnessHalfLifeDays };
}

/** A query parameter as the number it spells; anything else as it is, for the core to refuse by name. */
const toNumber = (value: string | null): unknown => (value !== null && /^-?\d+$/.test(value) ? Number(value) : value);

const toBoolean = (value: string | null): boolean =>
  value !== null && ['true', '1', 'yes', 'on'].includes(value.toLowerCase());
