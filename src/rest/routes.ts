import { addMemories } from '../core/add-memories.js';
import { deleteMemories } from '../core/delete-memories.js';
import { listChanges } from '../core/list-changes.js';
import { listMemories } from '../core/list-memories.js';
import { planStatus } from '../core/plan-status.js';
import { proveAnswer } from '../core/prove-answer.js';
import { queryMemories } from '../core/query-memories.js';
import { memoryState, momentOf } from '../core/rules/validity.js';
import { getSettings, updateSettings } from '../core/settings.js';
import type { AppError } from '../errors.js';
import { asOfIn, isTrue, toBoolean, toNumber, viewOf, type RestCall, type Route } from './call.js';
import { followEvents } from './events.js';
import { IMPORT_ROUTES } from './imports.js';
import { MEMORY_ROUTES } from './memory.js';
import { PROPOSAL_ROUTES } from './proposals.js';
import type { memoryList } from './replies/memory.js';
import type { answer as answerReply } from './replies/reads.js';
import type { Shape } from './replies/shape.js';
import type { deleted } from './replies/writes.js';
import { toChanges } from './wire-audit.js';
import { toProofTree } from './wire-proof.js';
import { toAdded } from './wire-writes.js';
import { fromWire, toAnswer, toMemory, toPlanStatus, toSettings } from './wire.js';

/** The endpoints. Each only renames: what is valid, and who may do what, is decided in core. */
export const ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/agent/memories',
    run: postMemories,
    invalidInput: badLlm,
    replyHeaders: ({ body }) => (body['importance'] == null ? {} : IMPORTANCE_IS_DEPRECATED),
  },
  { method: 'GET', path: '/agent/memories', run: getMemories },
  { method: 'DELETE', path: '/agent/memories', run: removeMemories, isOpenWhenBlocked: true },
  { method: 'POST', path: '/agent/query', run: postQuery, invalidInput: badLlm },
  { method: 'GET', path: '/agent/changes', run: getChanges },
  { method: 'GET', path: '/agent/events', run: followEvents },
  {
    method: 'GET',
    path: '/agent/settings',
    run: async ({ deps, caller }) => toSettings(await getSettings(deps, caller)),
    isOpenWhenBlocked: true,
  },
  {
    method: 'PATCH',
    path: '/agent/settings',
    run: async ({ deps, caller, body }) => toSettings(await updateSettings(deps, caller, fromWire(body))),
    invalidInput: () => 'ownReply',
    isOpenWhenBlocked: true,
  },
  {
    method: 'GET',
    path: '/plan/status',
    run: async ({ deps, caller }) => toPlanStatus(await planStatus(deps, caller)),
    isOpenWhenBlocked: true,
  },
  ...MEMORY_ROUTES,
  ...PROPOSAL_ROUTES,
  ...IMPORT_ROUTES,
];

/** RFC 9745, to whoever still sends the word: since when (22 November 2026), and what to read. */
const IMPORTANCE_IS_DEPRECATED = {
  deprecation: '@1795305600',
  link: '<https://docs.aurra.us/docs/importance-score>; rel="deprecation"; type="text/html"',
};

/** Documented as 400: an unknown provider, or a missing field of the caller's own model. */
function badLlm({ field }: AppError): 'badRequest' | undefined {
  return field?.startsWith('llm') ? 'badRequest' : undefined;
}

async function postMemories({ deps, caller, body, headers }: RestCall): Promise<object> {
  const input = fromWire(body);
  const idempotencyKey = headers.get('idempotency-key') ?? input['idempotencyKey'];
  // The published SDK says `agent` whenever its caller names no source, and shows `agent_session` for what comes of messages.
  const source = input['messages'] != null && input['source'] === 'agent' ? undefined : input['source'];
  const result = await addMemories(deps, caller, { ...input, source, idempotencyKey });
  return toAdded(result, caller.accountId, deps.config.messagesStatus);
}

async function getMemories(call: RestCall): Promise<Shape<typeof memoryList>> {
  const { deps, caller, query } = call;
  const includeSuperseded = toBoolean('include_superseded', query.get('include_superseded'));
  const asOf = asOfIn(query);
  const isPast = asOf.valid !== null || asOf.known !== null;
  const one = (name: string): string[] | undefined => (query.has(name) ? query.getAll(name) : undefined);
  const page = await listMemories(deps, caller, {
    tenantId: query.get('tenant_id'),
    sources: one('source'),
    topics: one('topic'),
    sessionIds: one('session_id'),
    text: query.get('text'),
    minImportance: toNumber(query.get('min_importance')),
    state: query.get('state')?.toUpperCase() ?? (includeSuperseded && !isPast ? 'ANY' : 'CURRENT'),
    asOf,
    limit: toNumber(query.get('limit')),
    atLeast: query.get('at_least'),
  });
  const view = await viewOf(call);
  const isSuperseded = (memory: (typeof page.memories)[number]) =>
    memoryState(memory, momentOf(memory, view.now)) === 'SUPERSEDED';
  return {
    company_id: caller.accountId,
    tenant_id: query.get('tenant_id'),
    as_of: asOf.valid,
    transaction_as_of: asOf.known,
    include_superseded: includeSuperseded,
    source: query.get('source'),
    count: page.memories.length,
    superseded_count: page.memories.filter(isSuperseded).length,
    memories: page.memories.map((memory) => toMemory(memory, view)),
    cursor: page.cursor.toString(),
  };
}

async function removeMemories({ deps, caller, query }: RestCall): Promise<Shape<typeof deleted>> {
  const tenantId = query.get('tenant_id');
  // A key that is bound to a tenant means that one.
  const allTenants =
    tenantId === null && caller.boundTenant === undefined && deps.config.deleteWithoutTenant === 'account';
  const { deletedCount, cursor } = await deleteMemories(deps, caller, { tenantId, allTenants });
  return {
    status: 'deleted',
    company_id: caller.accountId,
    tenant_id: tenantId,
    deleted_count: deletedCount,
    cursor: cursor.toString(),
  };
}

async function postQuery(call: RestCall): Promise<Shape<typeof answerReply>> {
  const { deps, caller, body } = call;
  const { as_of: valid, transaction_as_of: known, include_proof_tree: wantsProof, ...rest } = body;
  const answer = await queryMemories(deps, caller, { ...fromWire(rest), asOf: { valid, known } });
  const echo = { ...echoOf('as_of', valid), ...echoOf('transaction_as_of', known) };
  const view = await viewOf(call);
  const proof = isTrue('include_proof_tree', wantsProof) ? await proveAnswer(deps, caller, answer) : null;
  return {
    ...toAnswer(answer, caller.accountId, view),
    ...echo,
    ...(proof && { proof_tree: toProofTree(proof, view) }),
  };
}

/** The instant as it was sent; the core has checked it. */
const echoOf = <Name extends string>(name: Name, sent: unknown) =>
  (typeof sent === 'string' ? { [name]: sent } : {}) as Partial<Record<Name, string>>;

async function getChanges({ deps, caller, query }: RestCall): Promise<object> {
  const page = await listChanges(deps, caller, {
    from: query.get('from') ?? undefined,
    to: query.get('to') ?? undefined,
    tenantId: query.get('tenant_id'),
    limit: toNumber(query.get('limit')),
    after: query.get('after'),
    atLeast: query.get('at_least'),
  });
  return toChanges(page, caller.accountId, query.get('tenant_id'));
}
