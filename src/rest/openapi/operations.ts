import { addMemoriesInput } from '../../core/add-memories-input.js';
import { deleteInput } from '../../core/delete-memories.js';
import { EVENT_KINDS, followInput } from '../../core/follow-events.js';
import { timelineInput } from '../../core/get-timeline.js';
import { changesInput } from '../../core/list-changes.js';
import { importInput } from '../../core/import-memories.js';
import { listMemoriesInput } from '../../core/list-memories.js';
import { listProposalsInput } from '../../core/list-proposals.js';
import { queryInput } from '../../core/prepare-question.js';
import { approveInput, reviewInput } from '../../core/review-supersession.js';
import { settingsInput } from '../../core/settings.js';
import { supersedeInput } from '../../core/supersede-memory.js';
import { bodySchema, fieldSchema, type JsonSchema } from './json-schema.js';
import type { OwnError } from './refusals.js';

interface Parameter {
  schema: JsonSchema;
  description: string;
  isRequired?: boolean;
  /** A list is one value with commas between; else each item is a parameter of its own. */
  isCommaSeparated?: boolean;
}

/** What the OpenAPI document says of a route besides its method and path. */
export interface Operation {
  id: string;
  tag: 'Memories' | 'Questions' | 'Supersession' | 'Settings and plan';
  summary: string;
  description: string;
  /** Query parameters, and headers by names that begin with a capital. */
  parameters?: Readonly<Record<string, Parameter>>;
  body?: { schema: JsonSchema; isOptional?: boolean; media?: string };
  /** Names of the reply's shapes in `REPLIES`; one of them. */
  reply: readonly string[];
  /** Of the reply, where it is a stream of such shapes and not JSON. */
  media?: string;
  /** Beside those that follow from what it is: see refusals.ts. */
  errors: readonly OwnError[];
}

const isNull = { type: 'null' } as const;
/** These fields, and not null. */
const given = (...names: string[]): JsonSchema => ({
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, { not: isNull }])),
});
/** This field, and none of the others. */
const withNulls = (name: string, ...others: string[]): JsonSchema => ({
  required: [name],
  properties: { [name]: { not: isNull }, ...Object.fromEntries(others.map((other) => [other, isNull])) },
});

const asOf = {
  as_of: { schema: fieldSchema(timelineInput, 'asOf.valid'), description: 'True at this instant (valid time).' },
  transaction_as_of: {
    schema: fieldSchema(timelineInput, 'asOf.known'),
    description: 'As the server knew it at this instant (transaction time).',
  },
};
const atLeast = {
  at_least: {
    schema: fieldSchema(timelineInput, 'atLeast'),
    description: 'A cursor that a write returned: waits until it is seen, for up to five seconds.',
  },
};
const tenant = (of: typeof listMemoriesInput | typeof changesInput | typeof listProposalsInput) => ({
  tenant_id: { schema: fieldSchema(of, 'tenantId'), description: 'The tenant; the default one if left out.' },
});
const KINDS: JsonSchema = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', enum: EVENT_KINDS.map((kind) => kind.toLowerCase()) },
};
const llmNeedsKey = (schema: JsonSchema): JsonSchema => {
  const { llm } = schema.properties as { llm: JsonSchema };
  const [choice] = llm.anyOf as JsonSchema[];
  const llmWithKey = { anyOf: [{ ...choice, anyOf: [given('api_key'), given('key')] }, isNull] };
  return { ...schema, properties: { ...schema.properties, llm: llmWithKey } };
};

/** By method and path of the route. What an operation takes is read from what its verb checks. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /agent/memories': {
    id: 'addMemories',
    tag: 'Memories',
    summary: 'Store a fact, or the facts of a conversation',
    description:
      'With `content` one fact is stored as it is; with `messages` facts are extracted. All or nothing; a fact that is known already is stored once.',
    parameters: {
      'Idempotency-Key': {
        schema: fieldSchema(addMemoriesInput, 'idempotencyKey'),
        description: 'The same key with the same body again gives the first reply, for 24 hours.',
      },
    },
    body: {
      schema: {
        ...llmNeedsKey(bodySchema(addMemoriesInput, ['idempotencyKey'])),
        anyOf: [withNulls('content', 'messages'), withNulls('messages', 'content', 'supersedes')],
      },
    },
    reply: ['Saved', 'Extracted'],
    errors: ['NOT_FOUND', 'CONFLICT', 'QUOTA_EXCEEDED', 'UPSTREAM_FAILED', 'UPSTREAM_UNAVAILABLE'],
  },
  'GET /agent/memories': {
    id: 'listMemories',
    tag: 'Memories',
    summary: 'List memories, newest first',
    description: 'Current memories of one tenant unless asked otherwise; as of either time axis, or of both.',
    parameters: {
      ...tenant(listMemoriesInput),
      source: { schema: fieldSchema(listMemoriesInput, 'sources'), description: 'Only of this source.' },
      topic: { schema: fieldSchema(listMemoriesInput, 'topics'), description: 'Only of this topic.' },
      session_id: { schema: fieldSchema(listMemoriesInput, 'sessionIds'), description: 'Only of this session.' },
      text: { schema: fieldSchema(listMemoriesInput, 'text'), description: 'Words that must all occur.' },
      min_importance: { schema: fieldSchema(listMemoriesInput, 'minImportance'), description: 'Least importance.' },
      state: {
        schema: { type: 'string', enum: ['current', 'superseded', 'expired', 'retracted', 'any'] },
        description: 'In which state; goes with no as_of but `any` and `current`.',
      },
      include_superseded: { schema: { type: 'boolean' }, description: 'Superseded and expired ones too.' },
      ...asOf,
      limit: { schema: fieldSchema(listMemoriesInput, 'limit'), description: 'How many; 100 if left out.' },
      ...atLeast,
    },
    reply: ['MemoryList'],
    errors: ['CONFLICT'],
  },
  'DELETE /agent/memories': {
    id: 'deleteMemories',
    tag: 'Memories',
    summary: 'Delete a tenant for good',
    description: 'Hard delete: nothing of it can be recovered. Without `tenant_id` the default tenant.',
    parameters: {
      tenant_id: {
        schema: fieldSchema(deleteInput, 'tenantId'),
        description: 'The tenant; the default one if left out.',
      },
    },
    reply: ['Deleted'],
    errors: [],
  },
  'POST /agent/query': {
    id: 'query',
    tag: 'Questions',
    summary: 'Answer a question from memories, with citations',
    description:
      'Memories are retrieved, and the answer cites those that it leans on as [mem-N], N being the `index` of a citation.',
    body: {
      schema: withProof(llmNeedsKey(bodySchema(queryInput))),
    },
    reply: ['Answer'],
    errors: ['CONFLICT', 'UPSTREAM_FAILED', 'UPSTREAM_UNAVAILABLE'],
  },
  'POST /agent/memories/import': {
    id: 'importMemories',
    tag: 'Memories',
    summary: 'Store facts in bulk',
    description:
      'NDJSON both ways: a line as the body of POST /agent/memories with `content`; the reply says where it begins, then what became of each line, then how it ended. Sent again by the same key, it goes on after the last line that was stored.',
    parameters: {
      'Idempotency-Key': {
        schema: fieldSchema(importInput, 'idempotencyKey'),
        description: "The caller's name for the import.",
      },
      import_id: { schema: fieldSchema(importInput, 'importId'), description: 'An import to go on with.' },
      tenant_id: { schema: fieldSchema(importInput, 'tenantId'), description: 'The tenant of lines that name none.' },
    },
    body: { schema: { type: 'string' }, media: 'application/x-ndjson' },
    reply: ['ImportLines'],
    media: 'application/x-ndjson',
    errors: ['NOT_FOUND', 'QUOTA_EXCEEDED', 'STORAGE_FULL'],
  },
  'GET /agent/imports/{import_id}': {
    id: 'getImport',
    tag: 'Memories',
    summary: 'How far an import has come',
    description: 'Its state, and how many of its lines were stored, known already, or refused.',
    reply: ['Import'],
    errors: ['NOT_FOUND'],
  },
  'GET /agent/events': {
    id: 'followEvents',
    tag: 'Supersession',
    summary: 'A live feed of events',
    description:
      'Server-sent events, in order, each once. The id of each is a cursor: with it as Last-Event-ID a client goes on without a gap.',
    parameters: {
      'Last-Event-ID': { schema: fieldSchema(followInput, 'after'), description: 'The id of the last one seen.' },
      after: { schema: fieldSchema(followInput, 'after'), description: 'The same, where no header can be set.' },
      kinds: {
        schema: KINDS,
        isCommaSeparated: true,
        description: 'Only of these kinds, with commas between them, such as superseded,retracted.',
      },
      tenant_id: { schema: fieldSchema(followInput, 'tenantId'), description: 'Only of this tenant; all if left out.' },
      topic: { schema: fieldSchema(followInput, 'topics'), description: 'Only of this topic.' },
      source: { schema: fieldSchema(followInput, 'sources'), description: 'Only of this source.' },
    },
    reply: ['EventStream'],
    media: 'text/event-stream',
    errors: ['CURSOR_EXPIRED'],
  },
  'GET /agent/changes': {
    id: 'listChanges',
    tag: 'Memories',
    summary: 'What changed between two instants',
    description: 'Events of a tenant in [from, to) of transaction time, oldest first.',
    parameters: {
      from: { schema: fieldSchema(changesInput, 'from'), description: 'Begin, inclusive.', isRequired: true },
      to: { schema: fieldSchema(changesInput, 'to'), description: 'End, exclusive; after `from`.', isRequired: true },
      ...tenant(changesInput),
      limit: { schema: fieldSchema(changesInput, 'limit'), description: 'How many; 100 if left out.' },
      after: { schema: fieldSchema(changesInput, 'after'), description: 'The cursor of the last one seen.' },
      ...atLeast,
    },
    reply: ['ChangeList'],
    errors: ['CONFLICT'],
  },
  'GET /agent/settings': {
    id: 'getSettings',
    tag: 'Settings and plan',
    summary: 'Settings of the key',
    description: 'What this API key decides about its writes and reads.',
    reply: ['Settings'],
    errors: [],
  },
  'PATCH /agent/settings': {
    id: 'updateSettings',
    tag: 'Settings and plan',
    summary: 'Change settings of the key',
    description: 'Fields that are given change; a list replaces the list. Gives the whole object.',
    body: {
      schema: {
        ...bodySchema(settingsInput),
        anyOf: Object.keys(bodySchema(settingsInput).properties ?? {}).map((name) => given(name)),
      },
    },
    reply: ['Settings'],
    errors: [],
  },
  'GET /plan/status': {
    id: 'getPlanStatus',
    tag: 'Settings and plan',
    summary: 'Plan and quota of the account',
    description: 'One write is one memory stored. Usage begins anew with each calendar month (UTC).',
    reply: ['PlanStatus'],
    errors: [],
  },
  'GET /memories/{memory_id}': {
    id: 'getMemory',
    tag: 'Memories',
    summary: 'One memory',
    description: 'In whatever state it is, or as of a cell of time.',
    parameters: { ...asOf, ...atLeast },
    reply: ['Memory'],
    errors: ['NOT_FOUND', 'CONFLICT'],
  },
  'GET /memories/{memory_id}/timeline': {
    id: 'getTimeline',
    tag: 'Supersession',
    summary: 'All versions of the fact',
    description: 'The whole chain, oldest first, whichever of its versions is asked for.',
    parameters: { ...asOf, ...atLeast },
    reply: ['Timeline'],
    errors: ['NOT_FOUND', 'CONFLICT'],
  },
  'GET /memories/{memory_id}/audit': {
    id: 'getAudit',
    tag: 'Supersession',
    summary: 'Provenance and every event',
    description: 'Where the memory came from, how it was extracted, and all that happened to it.',
    reply: ['Audit'],
    errors: ['NOT_FOUND'],
  },
  'POST /memories/{memory_id}/supersede': {
    id: 'supersedeMemory',
    tag: 'Supersession',
    summary: 'Close a memory: replaced, expired, or both',
    description: 'With `superseded_by` it is replaced by that memory; with `valid_to` alone it is true until then.',
    body: {
      schema: {
        ...bodySchema(supersedeInput, ['memoryId']),
        anyOf: [given('superseded_by'), given('valid_to')],
      },
    },
    reply: ['Superseded'],
    errors: ['NOT_FOUND', 'CONFLICT'],
  },
  'GET /agent/proposals': {
    id: 'listProposals',
    tag: 'Supersession',
    summary: 'Supersessions that await a person',
    description: 'What the classifier was not sure enough of, newest first.',
    parameters: {
      ...tenant(listProposalsInput),
      state: {
        schema: { type: 'array', items: { type: 'string', enum: ['open', 'approved', 'rejected', 'outdated'] } },
        description: 'In these states; open if left out.',
      },
      limit: { schema: fieldSchema(listProposalsInput, 'limit'), description: 'How many; 100 if left out.' },
      before: { schema: fieldSchema(listProposalsInput, 'before'), description: 'The cursor of the last one seen.' },
      ...atLeast,
    },
    reply: ['ProposalList'],
    errors: ['CONFLICT'],
  },
  'POST /agent/proposals/{proposal_id}/approve': {
    id: 'approveProposal',
    tag: 'Supersession',
    summary: 'Carry a proposed supersession out',
    description: 'The old memory ends where the new one begins, or at `valid_to`.',
    body: { schema: bodySchema(approveInput, ['proposalId']), isOptional: true },
    reply: ['Approved'],
    errors: ['NOT_FOUND', 'CONFLICT'],
  },
  'POST /agent/proposals/{proposal_id}/reject': {
    id: 'rejectProposal',
    tag: 'Supersession',
    summary: 'Refuse a proposed supersession',
    description: 'Both memories stay as they are.',
    body: { schema: bodySchema(reviewInput, ['proposalId']), isOptional: true },
    reply: ['Rejected'],
    errors: ['NOT_FOUND', 'CONFLICT'],
  },
};

/** A flag that the door itself reads. */
function withProof(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    properties: { ...schema.properties, include_proof_tree: { type: ['boolean', 'null'] } as unknown as JsonSchema },
  };
}
