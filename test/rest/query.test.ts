import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import { refusal, TIMESTAMP, UUID, type WireMemory, type WireRefusal } from '../support/wire.js';

interface WireCitation {
  index: number;
  memory_id: string;
  decision: string;
  content: string;
  topic: string;
  similarity: number;
  cited_by_llm: boolean;
  valid_from: string;
  is_superseded: boolean;
  tenant_id: string | null;
  source: string;
}

interface WireAnswer {
  question: string;
  answer: string;
  answer_with_citations: string;
  citations: WireCitation[];
  memories: WireMemory[];
  memories_searched: number;
  company_id: string;
}

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient({ autoSupersede: true });
  const add = (content: string, more: object = {}) => client.rest('POST', '/agent/memories', { content, ...more });
  await add('Alice works at Initech.', { topic: 'Employment', recorded_at: '2026-01-01T00:00:00Z' });
  await add('Alice works at Acme.', { topic: 'Employment', recorded_at: '2026-03-01T00:00:00Z' });
  await add('Alice lives in Oslo.', { topic: 'Places', source: 'slack' });
  await add('Alice has a dog called Rex.', { topic: 'Pets', source: 'agent_session' });
  await add('Bob works at Globex.', { topic: 'Employment', tenant_id: 'globex' });
});
afterAll(() => app.close());

const ask = (question: string, more: object = {}, by = client) =>
  by.rest<WireAnswer>('POST', '/agent/query', { question, ...more });

describe('POST /agent/query', () => {
  describe('200', () => {
    it('answers in the documented shape, each field of a citation in each of its spellings', async () => {
      const { status, body } = await ask('Where does Alice work?');
      expect(status).toBe(200);
      expect(Object.keys(body).sort()).toEqual([
        'answer',
        'answer_with_citations',
        'citations',
        'company_id',
        'memories',
        'memories_searched',
        'question',
        'search_type',
      ]);
      expect(body).toMatchObject({ question: 'Where does Alice work?', company_id: client.caller.accountId });
      expect(body.answer).toContain('Acme');
      expect(body.citations[0]).toEqual({
        index: 1,
        memory_id: expect.stringMatching(UUID) as string,
        decision: 'Alice works at Acme.',
        content: 'Alice works at Acme.',
        topic: 'Employment',
        similarity: expect.any(Number) as number,
        cited_by_llm: true,
        valid_from: '2026-03-01T00:00:00.000000+00:00',
        is_superseded: false,
        tenant_id: null,
        source: 'agent',
      });
    });

    it('numbers its markers as the citations, cited ones first, and the answer has none', async () => {
      const { body } = await ask('Where does Alice work?');
      const markers = [...body.answer_with_citations.matchAll(/\[mem-(\d+)\]/g)].map(([, n]) => Number(n));
      const cited = body.citations.filter((citation) => citation.cited_by_llm);
      expect(markers.length).toBeGreaterThan(0);
      expect([...new Set(markers)].sort()).toEqual(cited.map(({ index }) => index));
      expect(body.citations.map(({ index }) => index)).toEqual(body.citations.map((_citation, i) => i + 1));
      expect(body.citations.slice(0, cited.length)).toEqual(cited);
      expect(body.answer).not.toContain('[mem-');
    });

    it('gives every retrieved memory whole, and as a citation, cited or not', async () => {
      const { body } = await ask('Where does Alice work?');
      expect(body.memories_searched).toBe(3);
      expect(body.memories).toHaveLength(3);
      expect(body.citations.map(({ memory_id: id }) => id).sort()).toEqual(body.memories.map(({ id }) => id).sort());
      for (const memory of body.memories) {
        expect(memory.created_at).toMatch(TIMESTAMP);
        expect(memory.temporal.is_current).toBe(true);
      }
    });

    it('has similarities from 0 to 1 with four decimals', async () => {
      const { body } = await ask('Where does Alice work?');
      for (const { similarity } of body.citations) {
        expect(similarity).toBeGreaterThanOrEqual(0);
        expect(similarity).toBeLessThanOrEqual(1);
        expect(similarity).toBe(Math.round(similarity * 10_000) / 10_000);
      }
    });

    it('leaves superseded facts out', async () => {
      const { body } = await ask('Where does Alice work?', { limit: 100 });
      expect(JSON.stringify(body)).not.toContain('Initech');
    });

    it('retrieves as many as asked for, best first', async () => {
      const { body } = await ask('Where does Alice live?', { limit: 1 });
      expect(body.memories.map(({ decision }) => decision)).toEqual(['Alice lives in Oslo.']);
      expect(body.memories_searched).toBe(1);
    });

    it('cites nothing where nothing that is known supports an answer', async () => {
      const { body } = await ask('What is the boiling point of tungsten?');
      expect(body.citations).toEqual([]);
      expect(body.answer_with_citations).toBe(body.answer);
      expect(body.memories_searched).toBe(body.memories.length);
    });

    it('says that nothing is stored in the documented words', async () => {
      const newcomer = await app.newClient();
      const text = 'No memories found for this company yet.';
      expect((await ask('Who am I?', {}, newcomer)).body).toEqual({
        question: 'Who am I?',
        search_type: 'hybrid',
        answer: text,
        answer_with_citations: text,
        citations: [],
        memories: [],
        memories_searched: 0,
        company_id: newcomer.caller.accountId,
      });
    });

    it.each([
      [['slack'], ['Alice lives in Oslo.']],
      [['agent'], ['Alice works at Acme.']],
      [
        ['agent_session', 'slack'],
        ['Alice has a dog called Rex.', 'Alice lives in Oslo.'],
      ],
      [['Slack'], []],
      [['agen', 'agent_sessions', ' slack'], []],
    ])('searches the sources %j exactly', async (sources, expected) => {
      const { body } = await ask('What about Alice?', { sources });
      expect(body.memories.map(({ decision }) => decision).sort()).toEqual(expected);
    });

    it('never mixes tenants', async () => {
      const named = await ask('Who works where?', { tenant_id: 'globex' });
      expect(named.body.memories.map(({ decision }) => decision)).toEqual(['Bob works at Globex.']);
      expect(named.body.citations[0]?.tenant_id).toBe('globex');
      const byDefault = await ask('Where does Bob work?', { limit: 100 });
      expect(JSON.stringify(byDefault.body)).not.toContain('Globex');
      expect((await ask('Where does Bob work?', { tenant_id: 'nobody' })).body.memories_searched).toBe(0);
    });

    it("never searches another account's memories", async () => {
      const stranger = await app.newClient();
      await stranger.rest('POST', '/agent/memories', { content: 'The stranger likes opera.' });
      const { body } = await ask('What does Alice like?', {}, stranger);
      expect(body.memories.map(({ decision }) => decision)).toEqual(['The stranger likes opera.']);
    });

    it.each(['?!', 'the of and', "'; DROP TABLE memories; --", 'a & b | !c <-> (d', '😀', '%_\\'])(
      'takes the question %j as words, never as a query language',
      async (question) => {
        const { status, body } = await ask(question);
        expect(status).toBe(200);
        expect(body.memories_searched).toBe(3);
      },
    );
  });

  describe('400', () => {
    it('refuses what is no JSON', async () => {
      const { status, body } = await client.rest<WireRefusal>('POST', '/agent/query', '{"question": ');
      expect(status).toBe(400);
      expect(body).toEqual(refusal('INVALID_JSON'));
    });
  });

  describe('401', () => {
    it('refuses a question without a key', async () => {
      const { status, body } = await callRest<WireRefusal>(app, 'POST', '/agent/query', { question: 'Who?' });
      expect(status).toBe(401);
      expect(body.detail).toBe('Not authenticated');
    });
  });

  describe('422', () => {
    it.each([
      [{}, 'question'],
      [{ question: 5 }, 'question'],
      [{ question: '' }, 'question'],
      [{ question: 'Who?\0' }, 'question'],
      [{ question: 'Who?', limit: 0 }, 'limit'],
      [{ question: 'Who?', limit: 101 }, 'limit'],
      [{ question: 'Who?', limit: '10' }, 'limit'],
      [{ question: 'Who?', sources: 'slack' }, 'sources'],
      [{ question: 'Who?', sources: [1] }, 'sources.0'],
      [{ question: 'Who?', tenant_id: '' }, 'tenant_id'],
      [{ question: 'Who?', reference_date: 'today' }, 'reference_date'],
    ])('refuses %j and names %s', async (sent, field) => {
      const { status, body } = await client.rest<WireRefusal>('POST', '/agent/query', sent);
      expect(status).toBe(422);
      expect(body).toEqual(refusal('INVALID_INPUT', field));
    });
  });
});
