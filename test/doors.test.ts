import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listApiKeys, revokeApiKey } from '../src/core/accounts.js';
import { callGraphql, callRest, startApp, type Client, type TestApp } from './support/start-app.js';

let app: TestApp;
let client: Client;
let stranger: Client;
let poor: Client;
let strangersId: string;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_WRITES: '1' } });
  client = await app.newClient({ autoSupersede: true });
  stranger = await app.newClient();
  poor = await app.newClient({ plan: 'starter' });
  const [stored] = await Promise.all([
    stranger.rest('POST', '/agent/memories', { content: 'The stranger likes opera.' }),
    poor.rest('POST', '/agent/memories', { content: 'The only write of this plan.' }),
  ]);
  strangersId = (stored.body as { memory_id: string }).memory_id;
});
afterAll(() => app.close());

type Fields = Record<string, unknown>;
type Verb = 'add' | 'ask' | 'list' | 'timeline' | 'change settings';

/** One operation at each door. A verb's input goes by the names of the door. */
const REST: Record<Verb, (input: Fields) => [method: string, path: string, body?: unknown]> = {
  add: (input) => ['POST', '/agent/memories', input],
  ask: (input) => ['POST', '/agent/query', input],
  list: (input) => ['GET', `/agent/memories?${new URLSearchParams(input as Record<string, string>).toString()}`],
  timeline: ({ memory_id: id }) => ['GET', `/memories/${String(id)}/timeline`],
  'change settings': (input) => ['PATCH', '/agent/settings', input],
};
const GRAPHQL: Record<Verb, string> = {
  add: 'mutation ($input: AddMemoriesInput!) { result: addMemories(input: $input) { memories { id } } }',
  ask: 'mutation ($input: QueryInput!) { result: query(input: $input) { text } }',
  list: 'query ($first: Int, $filter: MemoryFilter) { result: memories(first: $first, filter: $filter) { nodes { id } } }',
  timeline: 'query ($memoryId: ID!) { result: timeline(memoryId: $memoryId) { id } }',
  'change settings':
    'mutation ($input: UpdateSettingsInput!) { result: updateSettings(input: $input) { minConfidence } }',
};
const TAKES_INPUT: readonly Verb[] = ['add', 'ask', 'change settings'];

interface Refusal {
  code: string | undefined;
  field: string | undefined;
}

interface Refusals {
  status: number;
  rest: Refusal;
  graphql: Refusal;
  /** Everything that either door answered. */
  text: string;
}

interface BadInput {
  what: string;
  verb: Verb;
  rest: Fields;
  /** Where its names or values differ from those of REST. */
  graphql?: Fields;
  code?: string;
  /** Of the REST reply. */
  status?: number;
  /** By its name at REST, and at GraphQL where that differs. */
  field?: string | [rest: string, graphql: string];
}

const user = (content: unknown) => ({ role: 'user', content });
const GRAPHQL_USER = { role: 'USER' };

const BAD_INPUTS: BadInput[] = [
  { what: 'a question that is missing', verb: 'ask', rest: {}, field: 'question' },
  { what: 'a question that is null', verb: 'ask', rest: { question: null }, field: 'question' },
  { what: 'a question that is a number', verb: 'ask', rest: { question: 5 }, field: 'question' },
  { what: 'a question that is a list', verb: 'ask', rest: { question: ['a', 'b'] }, field: 'question' },
  { what: 'a question that is blank', verb: 'ask', rest: { question: ' \n ' }, field: 'question' },
  { what: 'a question with NUL', verb: 'ask', rest: { question: 'Who\0?' }, field: 'question' },
  { what: 'a question that is too long', verb: 'ask', rest: { question: 'a'.repeat(10_001) }, field: 'question' },
  { what: 'a limit that is a string', verb: 'ask', rest: { question: 'Who?', limit: '10' }, field: 'limit' },
  { what: 'a limit that is a fraction', verb: 'ask', rest: { question: 'Who?', limit: 1.5 }, field: 'limit' },
  { what: 'a limit of 0', verb: 'ask', rest: { question: 'Who?', limit: 0 }, field: 'limit' },
  { what: 'a limit of 1000', verb: 'ask', rest: { question: 'Who?', limit: 1000 }, field: 'limit' },
  {
    what: 'sources that hold a number',
    verb: 'ask',
    rest: { question: 'Who?', sources: ['agent', 5] },
    field: 'sources.1',
  },
  { what: 'sources that hold a blank', verb: 'ask', rest: { question: 'Who?', sources: [''] }, field: 'sources.0' },
  {
    what: 'a reference date that is none',
    verb: 'ask',
    rest: { question: 'Who?', reference_date: 'yesterday' },
    graphql: { question: 'Who?', referenceDate: 'yesterday' },
    field: ['reference_date', 'referenceDate'],
  },
  {
    what: 'content and messages',
    verb: 'add',
    rest: { content: 'I ski.', messages: [user('I ski.')] },
    graphql: { content: 'I ski.', messages: [{ ...user('I ski.'), ...GRAPHQL_USER }] },
    field: 'content',
  },
  { what: 'neither content nor messages', verb: 'add', rest: { topic: 'Sports' }, field: 'content' },
  { what: 'content that is a number', verb: 'add', rest: { content: 42 }, field: 'content' },
  { what: 'content that is empty', verb: 'add', rest: { content: '' }, field: 'content' },
  { what: 'content that is blank', verb: 'add', rest: { content: ' \t\n' }, field: 'content' },
  { what: 'content with NUL', verb: 'add', rest: { content: 'before\0after' }, field: 'content' },
  {
    what: 'content with half a surrogate pair',
    verb: 'add',
    rest: { content: 'broken \ud83d emoji' },
    field: 'content',
  },
  { what: 'content that is too long', verb: 'add', rest: { content: 'a'.repeat(50_001) }, field: 'content' },
  {
    what: 'a topic that is too long',
    verb: 'add',
    rest: { content: 'I ski.', topic: 'a'.repeat(129) },
    field: 'topic',
  },
  { what: 'a source that is a boolean', verb: 'add', rest: { content: 'I ski.', source: true }, field: 'source' },
  {
    what: 'a tenant that is blank',
    verb: 'add',
    rest: { content: 'I ski.', tenant_id: '' },
    graphql: { content: 'I ski.', tenantId: '' },
    field: ['tenant_id', 'tenantId'],
  },
  {
    what: 'a switch that is a string',
    verb: 'add',
    rest: { content: 'I ski.', auto_supersede: 'yes' },
    graphql: { content: 'I ski.', autoSupersede: 'yes' },
    field: ['auto_supersede', 'autoSupersede'],
  },
  {
    what: 'an importance that is a string',
    verb: 'add',
    rest: { content: 'I ski.', importance_score: 'eight' },
    graphql: { content: 'I ski.', importance: 'eight' },
    field: ['importance_score', 'importance'],
  },
  { what: 'messages that are no list', verb: 'add', rest: { messages: 'hello' }, field: 'messages' },
  { what: 'messages that are empty', verb: 'add', rest: { messages: [] }, field: 'messages' },
  {
    what: 'a message with an unknown role',
    verb: 'add',
    rest: { messages: [user('I ski.'), { role: 'wizard', content: 'Abracadabra.' }] },
    graphql: {
      messages: [
        { ...user('I ski.'), ...GRAPHQL_USER },
        { role: 'WIZARD', content: 'Abracadabra.' },
      ],
    },
    field: 'messages.1.role',
  },
  {
    what: 'a message without a role',
    verb: 'add',
    rest: { messages: [{ content: 'I ski.' }] },
    field: 'messages.0.role',
  },
  {
    what: 'a message without content',
    verb: 'add',
    rest: { messages: [{ role: 'user' }] },
    graphql: { messages: [GRAPHQL_USER] },
    field: 'messages.0.content',
  },
  {
    what: 'a message whose content is a number',
    verb: 'add',
    rest: { messages: [user(7)] },
    graphql: { messages: [{ ...user(7), ...GRAPHQL_USER }] },
    field: 'messages.0.content',
  },
  {
    what: 'a message that is blank',
    verb: 'add',
    rest: { messages: [user('')] },
    graphql: { messages: [{ ...user(''), ...GRAPHQL_USER }] },
    field: 'messages.0.content',
  },
  ...[
    'yesterday',
    '2026-03-01',
    '2026-03-01T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    1_772_323_200,
  ].map((instant): BadInput => ({
    what: `a date like ${JSON.stringify(instant)}`,
    verb: 'add',
    rest: { content: 'I ski.', recorded_at: instant },
    graphql: { content: 'I ski.', validFrom: instant },
    field: ['recorded_at', 'validFrom'],
  })),
  { what: 'a page of 0', verb: 'list', rest: { limit: '0' }, graphql: { first: 0 }, field: ['limit', 'first'] },
  {
    what: 'a page size that is a word',
    verb: 'list',
    rest: { limit: 'ten' },
    graphql: { first: 'ten' },
    field: ['limit', 'first'],
  },
  {
    what: 'a page of 5000',
    verb: 'list',
    rest: { limit: '5000' },
    graphql: { first: 5000 },
    field: ['limit', 'first'],
  },
  {
    what: 'a tenant that is blank',
    verb: 'list',
    rest: { tenant_id: ' ' },
    graphql: { filter: { tenantId: ' ' } },
    field: ['tenant_id', 'tenantId'],
  },
  ...['not-a-uuid', '123', `${randomUUID()}0`].map((id): BadInput => ({
    what: `an id like ${id.slice(0, 12)}`,
    verb: 'timeline',
    rest: { memory_id: id },
    graphql: { memoryId: id },
    field: ['memory_id', 'memoryId'],
  })),
  ...(
    [
      [{ freshness_half_life_days: 0 }, { freshnessHalfLifeDays: 0 }],
      [{ freshness_half_life_days: 3651 }, { freshnessHalfLifeDays: 3651 }],
      [{ freshness_half_life_days: 'long' }, { freshnessHalfLifeDays: 'long' }],
      [{ min_confidence: 1.01 }, { minConfidence: 1.01 }],
      [{ min_confidence: -0.1 }, { minConfidence: -0.1 }],
      [{ classifier_model: 'gpt-4' }, { classifierModel: 'gpt-4' }],
      [{ auto_supersede_default: 1 }, { autoSupersedeDefault: 1 }],
      [{ excluded_categories: 5 }, { excludedCategories: 5 }],
    ] as [Fields, Fields][]
  ).map(([rest, graphql]): BadInput => ({
    what: JSON.stringify(rest),
    verb: 'change settings',
    rest,
    graphql,
    status: 400, // documented for this endpoint alone
    field: [Object.keys(rest)[0] ?? '', Object.keys(graphql)[0] ?? ''],
  })),
  { what: 'no setting at all', verb: 'change settings', rest: {}, status: 400 },
];

async function refusals(caller: Client, verb: Verb, rest: Fields, graphql: Fields): Promise<Refusals> {
  const [byRest, byGraphql] = await Promise.all([
    caller.rest(...REST[verb](rest)),
    caller.graphql(GRAPHQL[verb], TAKES_INPUT.includes(verb) ? { input: graphql } : graphql),
  ]);
  const { code, field } = byRest.body as Refusal;
  const extensions = byGraphql.errors?.[0]?.extensions;
  return {
    status: byRest.status,
    rest: { code, field },
    graphql: { code: extensions?.code, field: extensions?.field },
    text: JSON.stringify([byRest.body, byGraphql]),
  };
}

describe('the same bad call', () => {
  it.each(BAD_INPUTS)(
    '$verb: $what is the same error at both doors',
    async ({ verb, rest, graphql = rest, code = 'INVALID_INPUT', status = 422, field }) => {
      const refused = await refusals(client, verb, rest, graphql);
      const [restField, graphqlField] = Array.isArray(field) ? field : [field, field];
      expect(refused).toMatchObject({
        status,
        rest: { code, field: restField },
        graphql: { code, field: graphqlField },
      });
    },
  );

  it('a memory that nobody has is the same error at both doors', async () => {
    const id = randomUUID();
    expect(await refusals(client, 'timeline', { memory_id: id }, { memoryId: id })).toMatchObject({
      status: 404,
      rest: { code: 'NOT_FOUND', field: 'memory_id' },
      graphql: { code: 'NOT_FOUND', field: 'memoryId' },
    });
  });

  it("another account's memory is the same error at both doors", async () => {
    const refused = await refusals(client, 'timeline', { memory_id: strangersId }, { memoryId: strangersId });
    expect(refused).toMatchObject({
      status: 403,
      rest: { code: 'FORBIDDEN', field: 'memory_id' },
      graphql: { code: 'FORBIDDEN', field: 'memoryId' },
    });
    expect(refused.text).not.toContain('opera');
  });

  it.each([
    ['content', { content: 'One too many.' }, { content: 'One too many.' }],
    ['messages', { messages: [user('I live in Oslo.')] }, { messages: [{ role: 'USER', content: 'I live in Oslo.' }] }],
  ])('a write of %s over the quota is the same error at both doors', async (_mode, rest, graphql) => {
    expect(await refusals(poor, 'add', rest, graphql)).toMatchObject({
      status: 429,
      rest: { code: 'QUOTA_EXCEEDED' },
      graphql: { code: 'QUOTA_EXCEEDED' },
    });
  });

  it.each([
    ['add', { messages: [{ role: 'xyzzy-role', content: 'xyzzy-text' }] }],
    ['add', { content: 'xyzzy-text\0' }],
    ['add', { content: { nested: 'xyzzy-text' } }],
    ['add', { content: 'xyzzy-text', topic: 5 }],
    ['ask', { question: ['xyzzy-text'], limit: 'xyzzy-limit' }],
    ['ask', { limit: 5, sources: ['xyzzy-source'] }],
  ] as [Verb, Fields][])('%s %j is refused without repeating what was sent', async (verb, input) => {
    const { text } = await refusals(client, verb, input, input);
    expect(text).not.toContain('xyzzy');
  });
});

describe('the same bad request', () => {
  const body = JSON.stringify({ query: '{ planStatus { writesUsed } }' });

  async function unauthenticated(headers: Record<string, string>): Promise<void> {
    const rest = await callRest(app, 'GET', '/plan/status', undefined, headers);
    const graphql = await callGraphql(app, headers, body);
    expect([rest.status, graphql.status]).toEqual([401, 401]);
    expect((rest.body as Refusal).code).toBe('UNAUTHENTICATED');
    expect(graphql.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(graphql.errors?.[0]?.message).toBe((rest.body as { detail: string }).detail);
    expect(graphql.data).toBeUndefined();
  }

  it.each([
    ['no key', {}],
    ['an empty header', { authorization: '' }],
    ['a scheme alone', { authorization: 'Bearer' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['a malformed key', { authorization: 'Bearer aurra_not_a_key' }],
    ['a well-formed key with a wrong checksum', { authorization: `Bearer aurra_${'a'.repeat(12)}_${'b'.repeat(38)}` }],
  ])('%s is the same error at both doors', async (_what, headers) => unauthenticated(headers));

  it('a revoked key is the same error at both doors', async () => {
    const revoked = await app.newClient();
    const keys = await listApiKeys(app.deps, revoked.caller.accountId);
    await revokeApiKey(app.deps, keys[0]?.publicId ?? '');
    await unauthenticated({ authorization: `Bearer ${revoked.key}` });
  });

  it.each([
    ['malformed JSON', '{"question": "Who', 'INVALID_JSON', 400],
    ['an empty body', '', 'INVALID_JSON', 400],
    ['a list', '[]', 'INVALID_INPUT', 422],
    ['a list of objects', '[{"question":"Who?"}]', 'INVALID_INPUT', 422],
    ['a string', '"Who?"', 'INVALID_INPUT', 422],
    ['null', 'null', 'INVALID_INPUT', 422],
  ])('%s is the same error at both doors', async (_what, sent, code, status) => {
    const headers = { authorization: `Bearer ${client.key}` };
    const rest = await callRest(app, 'POST', '/agent/query', sent, headers);
    const graphql = await callGraphql(app, headers, sent);
    expect({ status: rest.status, code: (rest.body as Refusal).code }).toEqual({ status, code });
    expect(graphql.errors?.[0]?.extensions.code).toBe(code);
  });

  it('a body that is too long is the same error at both doors', async () => {
    const headers = { authorization: `Bearer ${client.key}` };
    const sent = JSON.stringify({ question: 'a'.repeat(2_000_000) });
    const rest = await callRest(app, 'POST', '/agent/query', sent, headers);
    const graphql = await callGraphql(app, headers, sent);
    expect({ status: rest.status, code: (rest.body as Refusal).code }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
    expect({ status: graphql.status, code: graphql.errors?.[0]?.extensions.code }).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
    });
  });
});

/** A memory in the words of both doors. */
const MEMORY_FIELDS = /* GraphQL */ `
  fragment Whole on Memory {
    id
    text
    topic
    importance
    source
    tenantId
    sessionId
    createdAt
    validFrom
    validTo
    knownFrom
    knownTo
    state
    isCurrent
    freshness
    supersededBy {
      id
    }
    sourceCitation {
      type
      channel
      capturedAt
      message
    }
  }
`;

interface GraphqlMemory {
  id: string;
  text: string;
  topic: string;
  importance: number;
  source: string;
  tenantId: string | null;
  sessionId: string | null;
  createdAt: string;
  validFrom: string;
  validTo: string | null;
  knownFrom: string;
  knownTo: string | null;
  state: string;
  isCurrent: boolean;
  freshness: number;
  supersededBy: { id: string } | null;
  sourceCitation: { type: string; channel: string; capturedAt: string; message: string };
}

const onWire = (instant: string): string => instant.replace('Z', '000+00:00');
const onWireOrNull = (instant: string | null): string | null => instant && onWire(instant);

/** What REST must say of a memory that GraphQL gave. */
const asRest = (memory: GraphqlMemory) => ({
  id: memory.id,
  summary: memory.text,
  decision: memory.text,
  topic: memory.topic,
  importance_score: memory.importance,
  freshness: expect.closeTo(memory.freshness, 3) as number,
  source: memory.source,
  created_at: onWire(memory.createdAt),
  valid_from: onWire(memory.validFrom),
  valid_to: onWireOrNull(memory.validTo),
  superseded_by: memory.supersededBy?.id ?? null,
  tenant_id: memory.tenantId,
  session_id: memory.sessionId,
  channel: memory.sourceCitation.channel,
  original_message: memory.sourceCitation.message,
  source_citation: {
    type: memory.sourceCitation.type,
    channel: memory.sourceCitation.channel,
    captured_at: onWire(memory.sourceCitation.capturedAt),
    session_id: memory.sessionId,
    original_message: memory.sourceCitation.message,
  },
  temporal: {
    valid_from: onWire(memory.validFrom),
    valid_to: onWireOrNull(memory.validTo),
    superseded_by: memory.supersededBy?.id ?? null,
    is_current: memory.isCurrent,
    is_expired: memory.state === 'EXPIRED',
    is_superseded: memory.state === 'SUPERSEDED',
    transaction_time_start: onWire(memory.knownFrom),
    transaction_time_end: onWireOrNull(memory.knownTo),
    is_known_current: memory.knownTo === null,
  },
});

interface WireTimeline {
  timeline: { id: string; created_at: string }[];
}

describe('the same call', () => {
  let reader: Client;
  let newestId: string;
  let oldId: string;
  /** When the server first knew each version of where the office is, as sent and as GraphQL takes it. */
  let known: { old: string; newest: string };

  beforeAll(async () => {
    reader = await app.newClient({ autoSupersede: true });
    const session = { session_id: 'alice-1' };
    await reader.rest('POST', '/agent/memories', {
      messages: [user('Hi, I am Alice. I am a senior engineer at Acme.')],
      ...session,
    });
    await reader.rest('POST', '/agent/memories', {
      content: 'The office is in Berlin.',
      topic: 'Places',
      importance: 'high',
    });
    await reader.rest('POST', '/agent/memories', {
      content: 'A fact of one tenant.',
      tenant_id: 'acme',
      source: 'slack',
    });
    const reply = await reader.rest('POST', '/agent/memories', {
      content: 'The office is in Munich.',
      topic: 'Places',
    });
    newestId = (reply.body as { memory_id: string }).memory_id;
    const { timeline } = (await reader.rest<WireTimeline>('GET', `/memories/${newestId}/timeline`)).body;
    const [old, newest] = timeline.map(({ created_at: at }) => new Date(at).toISOString());
    known = { old: old ?? '', newest: newest ?? '' };
    oldId = timeline[0]?.id ?? '';
  });

  it.each([
    ['of the default tenant', '', {}],
    ['of a named tenant', '?tenant_id=acme', { filter: { tenantId: 'acme' } }],
    ['of a source', '?source=agent', { filter: { sources: ['agent'] } }],
    ['with superseded ones', '?include_superseded=true', { state: 'ANY' }],
    ['of which only some are asked for', '?limit=2', { first: 2 }],
    ['of several sources', '?source=agent&source=agent_session', { filter: { sources: ['agent', 'agent_session'] } }],
    ['of a topic', '?topic=Places', { filter: { topics: ['Places'] } }],
    ['of a session', '?session_id=alice-1', { filter: { sessionIds: ['alice-1'] } }],
    ['that hold words', '?text=office+Munich', { filter: { text: 'office Munich' } }],
    ['from an importance on', '?min_importance=6&state=any', { filter: { minImportance: 6 }, state: 'ANY' }],
    ['that were superseded', '?state=superseded', { state: 'SUPERSEDED' }],
    ['in any state', '?state=any&limit=3', { state: 'ANY', first: 3 }],
  ])('lists the same memories %s', (_what, search, variables) => expectSameList(search, variables));

  it.each([
    ['as valid then', () => ({ valid: known.newest })],
    ['as known when the old one was', () => ({ known: known.old })],
    ['as known when the new one was', () => ({ known: known.newest })],
    ['as valid then by what was known', () => ({ valid: known.old, known: known.old })],
  ])('lists the same memories %s', (_what, asOf) => expectSameList(`?${asOfSearch(asOf())}`, { asOf: asOf() }));

  const asOfSearch = ({ valid, known: at }: { valid?: string; known?: string }): string =>
    new URLSearchParams({ ...(valid && { as_of: valid }), ...(at && { transaction_as_of: at }) }).toString();

  async function expectSameList(search: string, variables: object): Promise<void> {
    const rest = await reader.rest('GET', `/agent/memories${search}`);
    const { data } = await reader.graphql<{ memories: { nodes: GraphqlMemory[] } }>(
      `query ($first: Int, $filter: MemoryFilter, $state: MemoryStateFilter = CURRENT, $asOf: AsOf) {
        memories(first: $first, filter: $filter, state: $state, asOf: $asOf) { nodes { ...Whole } }
      } ${MEMORY_FIELDS}`,
      variables,
    );
    const { memories } = rest.body as { memories: Fields[] };
    expect(memories.length).toBeGreaterThan(0);
    expect(memories).toMatchObject(data.memories.nodes.map(asRest));
  }

  it.each([
    ['now', () => ({})],
    ['as it was known', () => ({ known: known.old })],
    ['as valid then', () => ({ valid: known.old, known: known.newest })],
  ])('gives the same single memory %s', async (_what, asOf) => {
    const rest = await reader.rest('GET', `/memories/${oldId}?${asOfSearch(asOf())}`);
    const { data } = await reader.graphql<{ memory: GraphqlMemory }>(
      `query ($id: ID!, $asOf: AsOf) { memory(id: $id, asOf: $asOf) { ...Whole } } ${MEMORY_FIELDS}`,
      { id: oldId, asOf: asOf() },
    );
    expect(rest.body).toMatchObject(asRest(data.memory));
  });

  it.each([
    ['the old one', () => oldId],
    ['the new one', () => newestId],
  ])('gives the same audit of %s', async (_what, id) => {
    const rest = await reader.rest<{ history: { cursor?: string; at: string }[] }>('GET', `/memories/${id()}/audit`);
    const { data } = await reader.graphql<{
      memory: { audit: { originalInput: string; history: { cursor: string; at: string }[] } };
    }>('query ($id: ID!) { memory(id: $id) { audit { originalInput history { cursor at } } } }', { id: id() });
    const { originalInput, history } = data.memory.audit;
    expect(rest.body).toMatchObject({ provenance: { original_input: originalInput } });
    expect(history.length).toBeGreaterThan(0);
    const events = rest.body.history.filter(({ cursor }) => cursor !== undefined);
    expect(events.map(({ cursor, at }) => ({ cursor, at }))).toEqual(
      history.map(({ cursor, at }) => ({ cursor, at: onWire(at) })),
    );
  });

  it.each([
    ['of the default tenant', '', {}],
    ['of a named tenant', '&tenant_id=acme', { filter: { tenantId: 'acme' } }],
  ])('gives the same changes %s', async (_what, search, variables) => {
    const between = { from: '2020-01-01T00:00:00Z', to: '2999-01-01T00:00:00Z' };
    const rest = await reader.rest<{ changes: { cursor: string; at: string }[] }>(
      'GET',
      `/agent/changes?${new URLSearchParams(between).toString()}${search}`,
    );
    const { data } = await reader.graphql<{ changes: { edges: { node: { cursor: string; at: string } }[] } }>(
      `query ($from: DateTime!, $to: DateTime!, $filter: MemoryFilter) {
        changes(from: $from, to: $to, filter: $filter) { edges { node { cursor at } } }
      }`,
      { ...between, ...variables },
    );
    expect(rest.body.changes.length).toBeGreaterThan(0);
    expect(rest.body.changes.map(({ cursor, at }) => ({ cursor, at }))).toEqual(
      data.changes.edges.map(({ node }) => ({ cursor: node.cursor, at: onWire(node.at) })),
    );
  });

  it('gives the same timeline', async () => {
    const rest = await reader.rest('GET', `/memories/${newestId}/timeline`);
    const { data } = await reader.graphql<{ timeline: { chainLength: number; entries: GraphqlMemory[] } }>(
      `query ($id: ID!) { timeline(memoryId: $id) { chainLength entries { ...Whole } } } ${MEMORY_FIELDS}`,
      { id: newestId },
    );
    expect(data.timeline.entries.map(({ text }) => text)).toEqual([
      'The office is in Berlin.',
      'The office is in Munich.',
    ]);
    expect(rest.body).toMatchObject({
      chain_length: data.timeline.chainLength,
      timeline: data.timeline.entries.map(asRest),
    });
  });

  it.each([
    ['', {}, {}],
    ['from one memory', { limit: 1 }, { limit: 1 }],
    ['from one source', { sources: ['agent'] }, { sources: ['agent'] }],
    ['with null for what is left out', { tenant_id: null, sources: null }, { tenantId: null, sources: null }],
  ])('gives the same answer with the same citations %s', async (_what, wire, input) => {
    const question = 'Where is the office?';
    const rest = await reader.rest('POST', '/agent/query', { question, ...wire });
    const { data } = await reader.graphql<{
      query: {
        question: string;
        text: string;
        textWithCitations: string;
        memoriesSearched: number;
        memories: GraphqlMemory[];
        citations: { index: number; similarity: number; isCited: boolean; memory: GraphqlMemory }[];
      };
    }>(
      `mutation ($input: QueryInput!) {
        query(input: $input) {
          question text textWithCitations memoriesSearched memories { ...Whole }
          citations { index similarity isCited memory { ...Whole } }
        }
      } ${MEMORY_FIELDS}`,
      { input: { question, ...input } },
    );
    const answer = data.query;
    expect(answer.citations[0]).toMatchObject({ isCited: true, memory: { id: newestId } });
    expect(rest.body).toMatchObject({
      question,
      answer: answer.text,
      answer_with_citations: answer.textWithCitations,
      memories_searched: answer.memoriesSearched,
      memories: answer.memories.map(asRest),
      citations: answer.citations.map(({ index, similarity, isCited, memory }) => ({
        index,
        memory_id: memory.id,
        decision: memory.text,
        similarity: expect.closeTo(similarity, 4) as number,
        cited_by_llm: isCited,
      })),
    });
  });

  it('gives the same settings, whichever door changed them', async () => {
    const key = await app.newClient();
    const changed = await key.graphql<{ updateSettings: Fields }>(
      `mutation ($input: UpdateSettingsInput!) {
        updateSettings(input: $input) {
          autoSupersedeDefault excludedCategories minConfidence classifierModel freshnessHalfLifeDays
        }
      }`,
      { input: { minConfidence: 0.7, excludedCategories: ['financial'] } },
    );
    const rest = await key.rest('PATCH', '/agent/settings', { freshness_half_life_days: 60 });
    const { data } = await key.graphql<{ settings: Fields }>(
      '{ settings { autoSupersedeDefault excludedCategories minConfidence classifierModel freshnessHalfLifeDays } }',
    );
    expect(data.settings).toEqual({ ...changed.data.updateSettings, freshnessHalfLifeDays: 60 });
    expect(rest.body).toEqual({
      auto_supersede_default: data.settings['autoSupersedeDefault'],
      excluded_categories: ['financial'],
      min_confidence: 0.7,
      classifier_model: data.settings['classifierModel'],
      freshness_half_life_days: 60,
    });
  });

  it('gives the same plan status', async () => {
    const rest = await reader.rest('GET', '/plan/status');
    const { data } = await reader.graphql<{ planStatus: Fields & { periodStart: string } }>(
      '{ planStatus { orgId tier status writesUsed writesLimit writesRemaining periodStart isInGracePeriod isBlocked } }',
    );
    const plan = data.planStatus;
    expect(plan['writesUsed']).toBeGreaterThan(0);
    expect(rest.body).toEqual({
      org_id: plan['orgId'],
      plan_tier: plan['tier'],
      plan_status: plan['status'],
      writes_used: plan['writesUsed'],
      writes_limit: plan['writesLimit'],
      writes_remaining: plan['writesRemaining'],
      period_start: onWire(plan.periodStart),
      in_grace_period: plan['isInGracePeriod'],
      blocked: plan['isBlocked'],
    });
  });
});
