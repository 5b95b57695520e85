import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../support/clock.js';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import {
  freshMemory,
  refusal,
  UUID,
  type WireExtracted,
  type WireList,
  type WireMemory,
  type WireRefusal,
  type WireSaved,
} from '../support/wire.js';

const clock = createClock('2026-03-01T12:00:00.000Z');
let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_WRITES: '2' }, now: clock.now });
});
afterAll(() => app.close());
beforeEach(async () => {
  clock.set('2026-03-01T12:00:00.000Z');
  client = await app.newClient();
});

type Body = Record<string, unknown>;

const add = (content: string, more: Body = {}, by = client) =>
  by.rest<WireSaved>('POST', '/agent/memories', { content, ...more });
const tell = (messages: [role: string, content: string][], more: Body = {}, by = client) =>
  by.rest<WireExtracted>('POST', '/agent/memories', {
    messages: messages.map(([role, content]) => ({ role, content })),
    ...more,
  });
const refuse = (body: unknown, by = client) => by.rest<WireRefusal>('POST', '/agent/memories', body);
const list = (search = '', by = client) => by.rest<WireList>('GET', `/agent/memories${search}`);

async function stored(search = '', by = client): Promise<WireMemory[]> {
  return (await list(search, by)).body.memories;
}

async function onlyStored(search = ''): Promise<WireMemory> {
  const memories = await stored(search);
  expect(memories).toHaveLength(1);
  return memories[0] as WireMemory;
}

const decisions = (memories: readonly WireMemory[]): string[] => memories.map(({ decision }) => decision);

const INTRODUCTION: [string, string][] = [
  ['user', 'Hi, I am Alice. I am a senior engineer at Acme.'],
  ['assistant', 'Nice to meet you, Alice!'],
];

describe('POST /agent/memories', () => {
  describe('200 for content', () => {
    it('stores it verbatim as one memory and says so in the documented shape', async () => {
      const { status, body } = await add('Prefers tea, without sugar.');
      expect(status).toBe(200);
      expect(body).toEqual({
        status: 'saved',
        memory_id: expect.stringMatching(UUID) as string,
        company_id: client.caller.accountId,
        tenant_id: null,
        auto_supersede: {
          ran: false,
          skipped_reason: 'auto_supersede disabled',
          candidates_examined: 0,
          supersession: null,
        },
        cursor: '1',
      });
      expect(await onlyStored()).toEqual(freshMemory({ id: body.memory_id, decision: 'Prefers tea, without sugar.' }));
    });

    it('keeps every field that the caller gave', async () => {
      await add('Renewed the contract.', {
        topic: 'Sales',
        importance_score: 9,
        source: 'crm',
        tenant_id: 'acme',
        session_id: 'deal-7',
        recorded_at: '2026-02-01T08:30:00+01:00',
      });
      const validFrom = '2026-02-01T07:30:00.000000+00:00';
      expect(await onlyStored('?tenant_id=acme')).toMatchObject({
        topic: 'Sales',
        importance: 'high',
        importance_score: 9,
        source: 'crm',
        tenant_id: 'acme',
        session_id: 'deal-7',
        channel: 'deal-7',
        valid_from: validFrom,
        created_at: '2026-03-01T12:00:00.001000+00:00',
        temporal: { valid_from: validFrom, transaction_time_start: '2026-03-01T12:00:00.001000+00:00' },
      });
    });

    it.each([
      ['emoji and combining marks', '👩‍👩‍👧 café — Zürich, 東京, שלום'],
      ['white space around', '  padded \n'],
      ['markup and quotes', `<b>"it's"</b> \\ $1 %s {{x}} '; DROP TABLE memories; --`],
    ])('keeps %s to the letter', async (_what, content) => {
      await add(content);
      expect(await onlyStored()).toMatchObject({ decision: content, original_message: content });
    });

    it('takes null for a field that is left out', async () => {
      const { status } = await add('Likes chess.', {
        messages: null,
        topic: null,
        importance: null,
        importance_score: null,
        source: null,
        tenant_id: null,
        session_id: null,
        auto_supersede: null,
        recorded_at: null,
      });
      expect(status).toBe(200);
      expect(await onlyStored()).toEqual(freshMemory({ decision: 'Likes chess.' }));
    });

    it('ignores fields that it does not know', async () => {
      expect((await add('Likes chess.', { metadata: { a: 1 }, tenantId: 'not-the-wire-name' })).status).toBe(200);
      expect((await onlyStored()).tenant_id).toBeNull();
    });
  });

  describe('200 for importance, in both generations', () => {
    it.each([
      [{}, 5, 'medium'],
      [{ importance: 'low' }, 2, 'low'],
      [{ importance: 'medium' }, 5, 'medium'],
      [{ importance: 'high' }, 8, 'high'],
      [{ importance: 'critical' }, 5, 'critical'],
      [{ importance_score: 1 }, 1, 'low'],
      [{ importance_score: 4 }, 4, 'medium'],
      [{ importance_score: 7 }, 7, 'high'],
      [{ importance_score: 0 }, 1, 'low'],
      [{ importance_score: -100 }, 1, 'low'],
      [{ importance_score: 11 }, 10, 'high'],
      [{ importance_score: 1e9 }, 10, 'high'],
      [{ importance: 'low', importance_score: 9 }, 9, 'high'],
    ])('%j is the score %i and the word %s', async (sent, score, word) => {
      await add('Likes chess.', sent);
      expect(await onlyStored()).toMatchObject({ importance_score: score, importance: word });
    });
  });

  describe('200 for messages', () => {
    it('stores the facts it finds and says so in the union of the documented shapes', async () => {
      const { status, body } = await tell(INTRODUCTION, { session_id: 'alice-1' });
      expect(status).toBe(200);
      expect(body).toEqual({
        status: 'saved',
        company_id: client.caller.accountId,
        tenant_id: null,
        extracted: expect.any(Array) as string[],
        extracted_count: body.extracted.length,
        saved_count: body.extracted.length,
        memory_ids: expect.any(Array) as string[],
        extraction: {
          provider: 'offline',
          model: expect.any(String) as string,
          byo_llm: false,
          prompt_version: expect.any(String) as string,
          input_tokens: 0,
          output_tokens: 0,
        },
        facts: expect.any(Array) as object[],
        auto_supersede: body.memory_ids.map((id) => ({
          memory_id: id,
          ran: false,
          skipped_reason: 'auto_supersede disabled',
          candidates_examined: 0,
          supersession: null,
        })),
        cursor: String(body.extracted.length),
      });
      expect(body.extracted.join(' ')).toMatch(/Alice.*engineer at Acme/);
    });

    it('makes every id readable before it answers, in the order of the conversation', async () => {
      const { body } = await tell(INTRODUCTION);
      const memories = (await stored()).reverse();
      expect(memories.map(({ id }) => id)).toEqual(body.memory_ids);
      expect(decisions(memories)).toEqual(body.extracted);
    });

    it('quotes the turn and names the session of each fact', async () => {
      await tell(INTRODUCTION, { session_id: 'alice-1' });
      for (const memory of await stored()) {
        expect(memory).toMatchObject({
          source: 'agent_session',
          session_id: 'alice-1',
          channel: 'alice-1',
          original_message: 'User: Hi, I am Alice. I am a senior engineer at Acme.',
          source_citation: {
            type: 'agent_session',
            channel: 'alice-1',
            original_message: 'User: Hi, I am Alice. I am a senior engineer at Acme.',
          },
        });
      }
    });

    it('quotes at most 500 characters of a turn', async () => {
      await tell([['user', `I live in Oslo. ${'Well, well. '.repeat(100)}`]]);
      const [memory] = await stored();
      expect(memory?.original_message).toHaveLength('User: '.length + 500);
    });

    it('stores nothing for small talk', async () => {
      const { status, body } = await tell([['user', 'Hello there!']]);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        status: 'saved',
        extracted: [],
        extracted_count: 0,
        saved_count: 0,
        memory_ids: [],
      });
      expect(await stored()).toEqual([]);
    });

    it('dates facts by the day of the conversation, and their storing by its own clock', async () => {
      await tell([['user', 'I live in Oslo.']], { recorded_at: '2025-06-01T10:00:00Z' });
      expect(await onlyStored()).toMatchObject({
        valid_from: '2025-06-01T10:00:00.000000+00:00',
        created_at: '2026-03-01T12:00:00.001000+00:00',
      });
    });
  });

  describe('200 for what is already known', () => {
    it('gives the same memory for the same content', async () => {
      const first = await add('Allergic to peanuts.');
      const again = await add('Allergic to peanuts.');
      expect(again.status).toBe(200);
      expect(again.body.memory_id).toBe(first.body.memory_id);
      expect(await stored()).toHaveLength(1);
    });

    it('does not count a duplicate as a write', async () => {
      const poor = await app.newClient({ plan: 'starter' });
      for (let i = 0; i < 4; i++) expect((await add('Allergic to peanuts.', {}, poor)).status).toBe(200);
      expect((await poor.rest<Body>('GET', '/plan/status')).body).toMatchObject({ writes_used: 1 });
    });

    it('takes the first 100 characters as the fingerprint', async () => {
      const beginning = 'x'.repeat(99);
      const { body } = await add(`${beginning}é and so on`);
      expect((await add(`${beginning}é and otherwise`)).body.memory_id).toBe(body.memory_id);
      expect((await add(`${beginning}e and so on`)).body.memory_id).not.toBe(body.memory_id);
    });

    it.each([
      ['another tenant', { tenant_id: 'acme' }],
      ['another source', { source: 'slack' }],
      ['another session', { session_id: 's-2' }],
    ])('stores the same text of %s as a memory of its own', async (_what, other) => {
      const { body } = await add('Allergic to peanuts.');
      expect((await add('Allergic to peanuts.', other)).body.memory_id).not.toBe(body.memory_id);
    });

    it('saves fewer facts than it extracted', async () => {
      await tell(INTRODUCTION, { session_id: 'alice-1' });
      const { body } = await tell([...INTRODUCTION, ['user', 'I live in Oslo.']], { session_id: 'alice-1' });
      expect(body.saved_count).toBe(1);
      expect(body.extracted_count).toBeGreaterThan(body.saved_count);
      expect(body.extracted).toHaveLength(body.extracted_count);
      expect(body.memory_ids).toHaveLength(body.saved_count);
      expect(body.auto_supersede).toHaveLength(body.saved_count);
    });
  });

  describe('200 with auto-supersession', () => {
    it('closes the older fact and says which, in both generations of names', async () => {
      const old = await add('The office is in Berlin.');
      clock.advance(60_000);
      const { body } = await add('The office is in Munich.', { auto_supersede: true });
      expect(body.auto_supersede).toMatchObject({
        ran: true,
        skipped_reason: null,
        candidates_examined: 1,
        supersession: {
          superseded_id: old.body.memory_id,
          verdict: 'supersedes',
          classifier: 'contradicts',
          confidence: expect.any(Number) as number,
          reason: expect.any(String) as string,
          reasoning: expect.any(String) as string,
          model: expect.any(String) as string,
        },
      });
      expect(body.auto_supersede.supersession?.confidence).toBeGreaterThanOrEqual(0.85);
      expect(await onlyStored()).toMatchObject({ id: body.memory_id });
    });

    it('lets the request overrule the setting of the key', async () => {
      const eager = await app.newClient({ autoSupersede: true });
      await add('The office is in Berlin.', {}, eager);
      const { body } = await add('The office is in Munich.', { auto_supersede: false }, eager);
      expect(body.auto_supersede).toMatchObject({ ran: false, skipped_reason: 'auto_supersede disabled' });
      expect(await stored('', eager)).toHaveLength(2);
    });

    it.each([
      ['health_medical', 'Takes 10 mg of the medication.', 'Takes 20 mg of the medication.'],
      ['legal_status', 'Is on a student visa.', 'Is on a work visa.'],
    ])('never judges what is of the excluded category %s', async (category, before, after) => {
      const eager = await app.newClient({ autoSupersede: true });
      await add(before, {}, eager);
      const { body } = await add(after, {}, eager);
      expect(body.auto_supersede).toMatchObject({ ran: false, candidates_examined: 0, supersession: null });
      expect(body.auto_supersede.skipped_reason).toContain(category);
      expect(await stored('', eager)).toHaveLength(2);
    });

    it('keeps both facts where the classifier is less sure than the key demands', async () => {
      const eager = await app.newClient({ autoSupersede: true });
      await eager.rest('PATCH', '/agent/settings', { min_confidence: 1 });
      await add('The office is in Berlin.', {}, eager);
      const { body } = await add('The office is in Munich.', {}, eager);
      expect(body.auto_supersede).toMatchObject({ ran: true, candidates_examined: 1, supersession: null });
      expect(await stored('', eager)).toHaveLength(2);
    });

    it('never closes a fact of another tenant', async () => {
      const eager = await app.newClient({ autoSupersede: true });
      await add('The office is in Berlin.', { tenant_id: 'acme' }, eager);
      const { body } = await add('The office is in Munich.', { tenant_id: 'globex' }, eager);
      expect(body.auto_supersede).toMatchObject({ ran: true, candidates_examined: 0, supersession: null });
      expect(await stored('?tenant_id=acme', eager)).toHaveLength(1);
    });
  });

  describe('400', () => {
    it.each(['', '{"content": "x"', 'content=x', "{'content': 'x'}", 'undefined'])(
      'refuses %j, which is no JSON',
      async (text) => {
        const { status, body } = await refuse(text);
        expect(status).toBe(400);
        expect(body).toEqual(refusal('INVALID_JSON'));
      },
    );
  });

  describe('401', () => {
    it('refuses a write without a key, before it looks at the body', async () => {
      const { status, body } = await callRest<WireRefusal>(app, 'POST', '/agent/memories', 'no JSON');
      expect(status).toBe(401);
      expect(body.detail).toBe('Not authenticated');
    });
  });

  describe('422', () => {
    it.each(
      [
        [{}, 'content'],
        [{ content: 'a', messages: [{ role: 'user', content: 'b' }] }, 'content'],
        [{ content: ['a'] }, 'content'],
        [{ content: ' ' }, 'content'],
        [{ content: 'x'.repeat(50_001) }, 'content'],
        [{ messages: [] }, 'messages'],
        [{ messages: [{ role: 'tool', content: 'a' }] }, 'messages.0.role'],
        [{ messages: [{ role: 'user', content: 'a' }, { role: 'user' }] }, 'messages.1.content'],
        [{ messages: ['a'] }, 'messages.0'],
        [{ content: 'a', importance: 8 }, 'importance'],
        [{ content: 'a', importance: 'a\0' }, 'importance'],
        [{ content: 'a', importance_score: '8' }, 'importance_score'],
        [{ content: 'a', recorded_at: 'last week' }, 'recorded_at'],
        [{ content: 'a', recorded_at: '9999-12-31T23:59:59-12:00' }, 'recorded_at'],
        [{ content: 'a', auto_supersede: 'true' }, 'auto_supersede'],
        [{ content: 'a', tenant_id: 5 }, 'tenant_id'],
        [{ content: 'a', tenant_id: 't'.repeat(129) }, 'tenant_id'],
        [{ content: 'a', session_id: 's'.repeat(201) }, 'session_id'],
        [{ content: 'a', source: '' }, 'source'],
        [{ content: 'a', topic: '\0' }, 'topic'],
      ].map(([sent, field]) => ({ sent, field: field as string })),
    )('refuses a wrong $field', async ({ sent, field }) => {
      const { status, body } = await refuse(sent);
      expect(status).toBe(422);
      expect(body).toEqual(refusal('INVALID_INPUT', field));
      expect(body.detail.startsWith(`${field}: `)).toBe(true);
    });

    it('stores nothing of a refused write', async () => {
      await tell([
        ['user', 'I live in Oslo.'],
        ['wizard', 'Abracadabra.'],
      ]);
      expect(await stored()).toEqual([]);
    });
  });

  describe('429', () => {
    it('refuses the write after the last one of the period, and reads go on', async () => {
      const poor = await app.newClient({ plan: 'starter' });
      await add('The first of two.', {}, poor);
      await add('The second of two.', {}, poor);
      const { status, body } = await refuse({ content: 'The third of two.' }, poor);
      expect(status).toBe(429);
      expect(body).toEqual(refusal('QUOTA_EXCEEDED'));
      expect(await stored('', poor)).toHaveLength(2);
    });
  });
});

describe('GET /agent/memories', () => {
  describe('200', () => {
    it('is an empty list in the documented shape where nothing is stored', async () => {
      const { status, body } = await list();
      expect(status).toBe(200);
      expect(body).toEqual({
        company_id: client.caller.accountId,
        tenant_id: null,
        as_of: null,
        transaction_as_of: null,
        include_superseded: false,
        source: null,
        count: 0,
        superseded_count: 0,
        memories: [],
        cursor: '0',
      });
    });

    it('echoes what was asked for, as it was sent', async () => {
      const asOf = '2026-03-01T13:00:00+01:00';
      const search = new URLSearchParams({
        tenant_id: 'acme',
        source: 'slack',
        as_of: asOf,
        include_superseded: 'true',
      });
      expect((await list(`?${search.toString()}`)).body).toMatchObject({
        tenant_id: 'acme',
        source: 'slack',
        as_of: asOf,
        transaction_as_of: null,
        include_superseded: true,
      });
    });

    it('lists newest first, up to the limit', async () => {
      for (const n of ['one', 'two', 'three']) await add(`Fact ${n}.`);
      expect(decisions(await stored())).toEqual(['Fact three.', 'Fact two.', 'Fact one.']);
      const { body } = await list('?limit=2');
      expect(body.count).toBe(2);
      expect(decisions(body.memories)).toEqual(['Fact three.', 'Fact two.']);
    });

    it('never mixes tenants: the default one and each named one stand apart', async () => {
      await add('Of nobody.');
      await add('Of Acme.', { tenant_id: 'acme' });
      await add('Of Globex.', { tenant_id: 'globex' });
      expect(decisions(await stored())).toEqual(['Of nobody.']);
      expect(decisions(await stored('?tenant_id=acme'))).toEqual(['Of Acme.']);
      expect(decisions(await stored('?tenant_id=globex'))).toEqual(['Of Globex.']);
      expect(await stored('?tenant_id=ACME')).toEqual([]);
      expect(await stored('?tenant_id=default')).toEqual([]);
    });

    it("never shows another account's memories, whatever the tenant", async () => {
      const stranger = await app.newClient();
      await add('Secret of a stranger.', {}, stranger);
      await add('Secret of a tenant.', { tenant_id: 'acme' }, stranger);
      expect(await stored()).toEqual([]);
      expect(await stored('?tenant_id=acme')).toEqual([]);
    });

    it('filters by the exact source: agent is not agent_session', async () => {
      await add('Of the agent.');
      await add('Of the session.', { source: 'agent_session' });
      await add('Of Slack.', { source: 'slack' });
      expect(decisions(await stored('?source=agent'))).toEqual(['Of the agent.']);
      expect(decisions(await stored('?source=agent_session'))).toEqual(['Of the session.']);
      expect(await stored('?source=Slack')).toEqual([]);
      expect(await stored('?source=agen')).toEqual([]);
    });

    it('computes freshness when it reads, by the half-life of the key', async () => {
      await add('Getting old.');
      clock.advance(30 * 86_400_000);
      expect((await onlyStored()).freshness).toBeCloseTo(0.5, 3);
      await client.rest('PATCH', '/agent/settings', { freshness_half_life_days: 15 });
      expect((await onlyStored()).freshness).toBeCloseTo(0.25, 3);
      clock.set('2026-02-01T00:00:00.000Z');
      expect((await onlyStored()).freshness).toBe(1);
    });
  });

  describe('200 in time', () => {
    const BERLIN = 'The office is in Berlin.';
    const MUNICH = 'The office is in Munich.';

    /** Berlin is stored at 12:00 on 1 March; on 1 May it is learned that it has been Munich since 1 April. */
    beforeEach(async () => {
      await add(BERLIN);
      clock.set('2026-05-01T00:00:00.000Z');
      await add(MUNICH, { auto_supersede: true, recorded_at: '2026-04-01T00:00:00Z' });
      clock.set('2026-06-01T00:00:00.000Z');
    });

    it('hides what is superseded, and shows it when asked', async () => {
      expect(decisions(await stored())).toEqual([MUNICH]);
      expect(decisions(await stored('?include_superseded=false'))).toEqual([MUNICH]);
      const { body } = await list('?include_superseded=true');
      expect(decisions(body.memories)).toEqual([MUNICH, BERLIN]);
      expect(body).toMatchObject({ count: 2, superseded_count: 1, include_superseded: true });
    });

    it('closes both windows of what is superseded, and no other field', async () => {
      const [munich, berlin] = await stored('?include_superseded=true');
      const validTo = '2026-04-01T00:00:00.000000+00:00';
      expect(berlin).toMatchObject({
        decision: BERLIN,
        freshness: 0,
        valid_to: validTo,
        superseded_by: munich?.id,
        temporal: {
          valid_to: validTo,
          superseded_by: munich?.id,
          is_current: false,
          is_expired: false,
          is_superseded: true,
          transaction_time_end: '2026-05-01T00:00:00.000000+00:00',
          is_known_current: false,
        },
      });
      expect(munich).toMatchObject({
        valid_from: validTo,
        temporal: { is_current: true, transaction_time_start: '2026-05-01T00:00:00.000000+00:00' },
      });
    });

    it.each([
      ['as_of=2026-02-01T00:00:00Z', []],
      ['as_of=2026-03-15T00:00:00Z', [BERLIN]],
      ['as_of=2026-03-31T23:59:59.999Z', [BERLIN]],
      ['as_of=2026-04-01T00:00:00Z', [MUNICH]],
      ['as_of=2026-04-01T01:30:00%2B02:00', [BERLIN]],
      ['as_of=2030-01-01T00:00:00Z', [MUNICH]],
      ['transaction_as_of=2026-02-01T00:00:00Z', []],
      ['transaction_as_of=2026-04-15T00:00:00Z', [BERLIN]],
      ['transaction_as_of=2026-05-15T00:00:00Z', [MUNICH]],
      ['as_of=2026-04-15T00:00:00Z', [MUNICH]],
      ['as_of=2026-04-15T00:00:00Z&transaction_as_of=2026-04-20T00:00:00Z', [BERLIN]],
      ['as_of=2026-04-15T00:00:00Z&transaction_as_of=2026-05-20T00:00:00Z', [MUNICH]],
      ['as_of=2026-03-15T00:00:00Z&transaction_as_of=2026-05-20T00:00:00Z', [BERLIN]],
      ['as_of=2026-03-15T00:00:00Z&transaction_as_of=2026-02-20T00:00:00Z', []],
      ['as_of=2026-03-15T00:00:00Z&include_superseded=true', [BERLIN]],
    ])('?%s', async (search, expected) => {
      expect(decisions(await stored(`?${search}`))).toEqual(expected);
    });
  });

  describe('401', () => {
    it('has the documented body without a key', async () => {
      const { status, body } = await callRest<WireRefusal>(app, 'GET', '/agent/memories');
      expect(status).toBe(401);
      expect(body).toEqual({ detail: 'Not authenticated', code: 'UNAUTHENTICATED' });
    });
  });

  describe('422', () => {
    it.each([
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=ten', 'limit'],
      ['limit=1.5', 'limit'],
      ['as_of=yesterday', 'as_of'],
      ['as_of=2026-03-01', 'as_of'],
      ['transaction_as_of=1772323200', 'transaction_as_of'],
      ['include_superseded=maybe', 'include_superseded'],
      ['tenant_id=', 'tenant_id'],
    ])('refuses ?%s and names %s', async (search, field) => {
      const { status, body } = await client.rest<WireRefusal>('GET', `/agent/memories?${search}`);
      expect(status).toBe(422);
      expect(body).toEqual(refusal('INVALID_INPUT', field));
    });
  });
});
