import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../support/clock.js';
import { startApp, type Client, type TestApp } from '../../support/start-app.js';
import type { WireSaved } from '../../support/wire.js';
import { change, list, store } from './through-doors.js';

const clock = createClock();
let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
});
afterAll(() => app.close());
beforeEach(async () => {
  clock.set('2026-03-01T12:00:00Z');
  client = await app.newClient();
});

const post = (content: string, key: string) =>
  client.rest<WireSaved>('POST', '/agent/memories', { content }, { 'idempotency-key': key });
const add = (input: object) =>
  client.graphql<{ addMemories: { memories: { id: string }[]; cursor: string } }>(
    'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { memories { id } cursor } }',
    { input },
  );

describe('the same key', () => {
  it('with the same request gives the same reply, at both doors', async () => {
    const first = await post('Alice lives in Berlin.', 'k');
    expect(first.status).toBe(200);
    const again = await post('Alice lives in Berlin.', 'k');
    expect(again.body).toEqual(first.body);
    const input = { content: 'Bob lives in Rome.', idempotencyKey: 'g' };
    const reply = await add(input);
    expect(await add(input)).toEqual(reply);
    expect(await list(client)).toHaveLength(2);
  });

  it('with another request is refused', async () => {
    await post('Alice lives in Berlin.', 'k');
    const other = await post('Alice lives in Paris.', 'k');
    expect(other).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT', field: 'Idempotency-Key' } });
    const { errors } = await add({ content: 'Alice lives in Paris.', idempotencyKey: 'k' });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'idempotencyKey' });
    expect(await list(client)).toEqual(['Alice lives in Berlin.']);
  });

  it('while the first request runs is a conflict', async () => {
    await post('Alice lives in Berlin.', 'k');
    const { accountId } = client.caller;
    await app.deps.db.$executeRaw`
      UPDATE idempotency_keys SET reply = NULL WHERE account_id = ${accountId}::uuid AND key = 'k'`;
    expect(await post('Alice lives in Berlin.', 'k')).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  it('is forgotten after a day, and free again after a failure', async () => {
    const first = await post('Alice lives in Berlin.', 'k');
    clock.advance(25 * 3_600_000);
    expect((await post('Alice lives in Paris.', 'k')).body.memory_id).not.toBe(first.body.memory_id);
    expect((await post(' ', 'f')).status).toBe(422);
    expect((await post('Bob lives in Rome.', 'f')).status).toBe(200);
  });

  it('loses its reply when the memory is deleted', async () => {
    const first = await post('Alice lives in Berlin.', 'k');
    await client.graphql('mutation ($id: ID!) { deleteMemories(input: { memoryId: $id }) { cursor } }', {
      id: first.body.memory_id,
    });
    const again = await post('Alice lives in Berlin.', 'k');
    expect(again.status).toBe(200);
    expect(again.body.memory_id).not.toBe(first.body.memory_id);
  });
});

describe('reading what was written', () => {
  it('waits for a cursor that has been reached, and refuses one that is not within five seconds', async () => {
    const { addMemories } = (await add({ content: 'Alice lives in Berlin.' })).data;
    const reached = await client.rest('GET', `/agent/memories?at_least=${addMemories.cursor}`);
    expect(reached).toMatchObject({ status: 200, body: { count: 1 } });
    const began = Date.now();
    const beyond = await client.graphql('query ($at: Cursor!) { memories(atLeast: $at) { totalCount } }', {
      at: String(Number(addMemories.cursor) + 1),
    });
    expect(beyond.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'atLeast' });
    expect(Date.now() - began).toBeGreaterThan(4_000);
  });

  it('is woken by the write that it waits for', async () => {
    const { addMemories } = (await add({ content: 'Alice lives in Berlin.' })).data;
    const waiting = client.graphql<{ memories: { totalCount: number } }>(
      'query ($at: Cursor!) { memories(atLeast: $at) { totalCount } }',
      { at: String(Number(addMemories.cursor) + 1) },
    );
    await store(client, 'Bob lives in Rome.');
    expect((await waiting).data.memories.totalCount).toBe(2);
  });
});

describe('changes between two instants', () => {
  it('are those of that time and tenant, from inclusive and to exclusive', async () => {
    const first = await store(client, 'Alice lives in Berlin.');
    await store(client, 'Of a tenant.', { tenantId: 'acme' });
    clock.set('2026-04-01T12:00:00Z');
    const next = await store(client, 'Alice lives in Paris.', { supersedes: first });
    clock.set('2026-05-01T12:00:00Z');
    await change(client, 'retractMemory', { memoryId: next, reason: 'wrong' });
    const last = await store(client, 'Bob has a cat.');
    await change(client, 'supersedeMemory', { memoryId: last, validTo: '2026-06-01T00:00:00Z' });
    const kinds = async (from: string, to: string, tenantId?: string) => {
      const { data } = await client.graphql<{ changes: { edges: { node: { kind: string } }[] } }>(
        `query ($from: DateTime!, $to: DateTime!, $filter: MemoryFilter) {
          changes(from: $from, to: $to, filter: $filter) { edges { node { kind } } } }`,
        { from, to, filter: { tenantId } },
      );
      const query = new URLSearchParams({ from, to, ...(tenantId === undefined ? {} : { tenant_id: tenantId }) });
      const rest = await client.rest<{ changes: unknown[] }>('GET', `/agent/changes?${query.toString()}`);
      expect(rest.body.changes).toHaveLength(data.changes.edges.length);
      return data.changes.edges.map(({ node }) => node.kind);
    };
    expect(await kinds('2026-03-01T00:00:00Z', '2026-04-01T12:00:00Z')).toEqual(['CREATED']);
    expect(await kinds('2026-04-01T12:00:00Z', '2026-05-01T12:00:00Z')).toEqual(['CREATED', 'SUPERSEDED']);
    expect(await kinds('2026-05-01T12:00:00Z', '2026-06-01T00:00:00Z')).toEqual(['RETRACTED', 'CREATED', 'EXPIRED']);
    expect(await kinds('2026-03-01T00:00:00Z', '2026-06-01T00:00:00Z', 'acme')).toEqual(['CREATED']);
    const backwards = await client.rest('GET', '/agent/changes?from=2026-04-01T00:00:00Z&to=2026-03-01T00:00:00Z');
    expect(backwards).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT', field: 'to' } });
  });
});

describe('the audit trail', () => {
  it('holds every event of a memory and where it came from', async () => {
    const messages = [
      { role: 'ASSISTANT', content: 'Where do you live?' },
      { role: 'USER', content: 'I live in Berlin.' },
    ];
    const { data } = await add({ messages, sessionId: 's1' });
    const id = data.addMemories.memories[0]?.id ?? '';
    const next = await store(client, 'The user lives in Paris.', { supersedes: id });
    await change(client, 'revertSupersession', { memoryId: id, reason: 'a joke' });
    await change(client, 'retractMemory', { memoryId: next, reason: 'never moved' });
    const { memory } = (
      await client.graphql<{
        memory: {
          audit: {
            originalInput: string;
            provenance: { channel: string; messageIndex: number; span: { start: number; end: number } };
            extraction: { provider: string; promptVersion: string };
            history: { kind: string; details: { name: string; value: string }[] }[];
          };
        };
      }>(
        `query ($id: ID!) { memory(id: $id) { audit { originalInput provenance { channel messageIndex span { start end } }
          extraction { provider promptVersion } history { kind details { name value } } } } }`,
        { id },
      )
    ).data;
    const { audit } = memory;
    expect(audit.originalInput).toContain('I live in Berlin.');
    expect(audit.provenance).toMatchObject({ channel: 's1', messageIndex: 1 });
    expect(messages[1]?.content.slice(audit.provenance.span.start, audit.provenance.span.end)).toContain('Berlin');
    expect(audit.extraction.provider).toBe('offline');
    expect(audit.extraction.promptVersion).not.toBe('');
    expect(audit.history.map(({ kind }) => kind)).toEqual(['CREATED', 'SUPERSEDED', 'REVERTED']);
    const rest = await client.rest<{ history: { event: string }[] }>('GET', `/memories/${next}/audit`);
    expect(rest.body.history.map(({ event }) => event).filter((event) => event.includes('.'))).toEqual([
      'memory.created',
      'memory.supersedes',
      'memory.superseded',
      'memory.retracted',
    ]);
    expect(JSON.stringify(rest.body.history)).toContain('never moved');
  });
});
