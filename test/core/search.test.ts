import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireAnswer, WireSaved } from '../support/wire.js';

const SEARCH = `query ($query: String!, $first: Int, $after: String, $filter: MemoryFilter, $asOf: AsOf, $weights: SearchWeights) {
  search(query: $query, first: $first, after: $after, filter: $filter, asOf: $asOf, weights: $weights) {
    edges { cursor node { score similarity lexical vector neighbour memory { id text state } } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

interface Hit {
  score: number;
  similarity: number;
  lexical: number;
  vector: number;
  neighbour: number;
  memory: { id: string; text: string; state: string };
}
interface Found {
  search: {
    edges: { cursor: string; node: Hit }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
  };
}

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  client = await app.newClient();
});

const add = async (content: string, more: object = {}): Promise<string> =>
  (await client.rest<WireSaved>('POST', '/agent/memories', { content, ...more })).body.memory_id;
const pageOf = async (variables: object): Promise<Found['search']> => {
  const { data, errors } = await client.graphql<Found>(SEARCH, variables);
  expect(errors).toBeUndefined();
  return data.search;
};
const find = async (query: string, more: object = {}): Promise<Hit[]> =>
  (await pageOf({ query, ...more })).edges.map(({ node }) => node);
const textsOf = (hits: readonly Hit[]): string[] => hits.map(({ memory }) => memory.text);

describe('search', () => {
  it('lets importance and recency weigh where a search asks for it, and only there', async () => {
    await add('The blue kite hangs in the hall', { importance_score: 1 });
    await add('The blue kite hangs in the shed', { importance_score: 10 });
    const scores = async (weights?: object) =>
      new Map((await find('blue kite', { weights })).map(({ memory, score }) => [memory.text.at(-1) === 'd', score]));
    const plain = await scores();
    const weighed = await scores({ importance: 0.5 });
    const gained = (isShed: boolean): number => (weighed.get(isShed) ?? NaN) - (plain.get(isShed) ?? NaN);
    expect([gained(false), gained(true)]).toEqual([expect.closeTo(0.05, 6), expect.closeTo(0.5, 6)]);
    expect((await scores({ recency: 2 })).get(true)).toBeCloseTo((plain.get(true) ?? NaN) + 2, 2);
    const refused = await client.graphql(SEARCH, { query: 'kite', weights: { recency: 11 } });
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'weights.recency' });
  });

  it('finds by words and by meaning, best first, and says why', async () => {
    await add('Ines keeps bees on the roof of her house');
    await add('The quarterly report is due on Friday');
    await add('Otto plays the cello in a quartet');
    const [best, ...others] = await find('Who plays the cello?');
    expect(best?.memory.text).toBe('Otto plays the cello in a quartet');
    expect(best?.lexical).toBeGreaterThan(0.9);
    for (const hit of others) expect(hit.score).toBeLessThan(best?.score ?? 0);
    for (const { score, lexical, vector, neighbour } of [best as Hit, ...others])
      expect(score).toBeCloseTo(lexical + vector + neighbour);
  });

  it('weighs a rare word more than a common one', async () => {
    for (let i = 0; i < 12; i++) await add(`The meeting about the project took place in room ${i}`);
    await add('The marmot lives under the shed');
    expect(textsOf(await find('meeting about the marmot', { first: 1 }))).toEqual(['The marmot lives under the shed']);
  });

  it('lends weight to what stands beside a match in its session', async () => {
    const session = { session_id: 'talk' };
    await add('Did you hear from Petra about the expedition to Svalbard?', session);
    await add('Yes, it was called off because of the ice.', session);
    for (let i = 0; i < 10; i++)
      await add(`Nothing much happened on that day, says diary page ${i}.`, { session_id: `d${i}` });
    const hits = await find('What happened to the expedition to Svalbard with Petra?');
    expect(textsOf(hits).slice(0, 2)).toContain('Yes, it was called off because of the ice.');
    expect(hits.find(({ memory }) => memory.text.startsWith('Yes'))?.neighbour).toBeGreaterThan(0);
  });

  it('holds current memories alone; what was superseded is found as of then', async () => {
    const old = await add('Ines lives in Ghent', { recorded_at: '2025-01-01T00:00:00Z' });
    const fresh = await add('Ines lives in Turin', { recorded_at: '2026-01-01T00:00:00Z' });
    await client.rest('POST', `/memories/${old}/supersede`, { superseded_by: fresh, valid_to: '2026-01-01T00:00:00Z' });
    expect(textsOf(await find('Where does Ines live?'))).toEqual(['Ines lives in Turin']);
    expect(textsOf(await find('Where does Ines live?', { asOf: { valid: '2025-06-01T00:00:00Z' } }))).toEqual([
      'Ines lives in Ghent',
    ]);
    expect(await find('Where does Ines live?', { asOf: { known: '2020-01-01T00:00:00Z' } })).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['sources', { sources: ['slack'] }, ['slack']],
    ['topics', { topics: ['Pets'] }, ['topic']],
    ['sessions', { sessionIds: ['s1'] }, ['session']],
    ['importance', { minImportance: 9 }, ['important']],
    ['words', { text: 'special' }, ['special']],
    ['tenant', { tenantId: 'other' }, ['tenant']],
  ])('filters by %s before it ranks', async (_name, filter, expected) => {
    await add('The cat of slack sleeps', { source: 'slack' });
    await add('The cat of topic sleeps', { topic: 'Pets' });
    await add('The cat of session sleeps', { session_id: 's1' });
    await add('The cat of important sleeps', { importance_score: 9 });
    await add('The cat of special sleeps');
    await add('The cat of tenant sleeps', { tenant_id: 'other' });
    expect(textsOf(await find('cat sleeps', { filter }))).toEqual(expected.map((name) => `The cat of ${name} sleeps`));
  });

  it('goes page by page without a gap or a repetition', async () => {
    for (let i = 0; i < 7; i++) await add(`The lamp in room ${i} is on`);
    const all = textsOf(await find('lamp', { first: 100 }));
    expect(all).toHaveLength(7);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo } = await pageOf({ query: 'lamp', first: 3, after });
      seen.push(...edges.map(({ node }) => node.memory.text));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(all);
  });

  it('runs the same few SQL statements for one hit and for many', async () => {
    await add('The lamp in room 0 is on');
    const one = await app.statementsOf(() => find('lamp'));
    for (let i = 1; i < 9; i++) await add(`The lamp in room ${i} is on`);
    const many = await app.statementsOf(() => find('lamp'));
    expect(many.length).toBe(one.length);
    expect(many.length).toBeLessThanOrEqual(6);
  });

  it.each([
    ['nothing to look for', { query: ' ' }, 'query'],
    ['too many', { query: 'x', first: 101 }, 'first'],
    ["somebody else's cursor", { query: 'x', after: 'nonsense' }, 'after'],
  ])('refuses %s', async (_name, variables, field) => {
    const { errors } = await client.graphql<Found>(SEARCH, variables);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it.each(['???', 'the of and', "it's :* & | ! ( ) <-> \\ ' quoted'", 'ａｂｃ 🦊', 'a'.repeat(10_000)])(
    'takes %.20j as a query',
    async (query) => {
      await add('The lamp in room 0 is on');
      expect(await find(query)).toHaveLength(1);
    },
  );
});

describe('search in a large tenant', () => {
  const COUNT = 1_500;
  let large: Client;
  beforeAll(async () => {
    large = await app.newClient();
    const THINGS = ['lamp', 'chair', 'window', 'table', 'shelf', 'carpet', 'mirror'];
    for (let from = 0; from < COUNT; from += 500) {
      const messages = Array.from({ length: 500 }, (_, i) => ({
        role: 'user',
        content: `I bought a ${THINGS[(from + i) % THINGS.length] ?? ''} for Room ${from + i} in Oslo.`,
      }));
      await large.rest('POST', '/agent/memories', { messages });
    }
    const { body } = await large.rest<{ count: number }>('GET', '/agent/memories?limit=1000');
    expect(body.count).toBe(1_000);
    for (const content of ['The samovar stands in the pantry', 'Otto is allergic to marmots'])
      await large.rest('POST', '/agent/memories', { content, source: 'special' });
    await large.rest('POST', '/agent/memories', { content: 'The samovar of another tenant', tenant_id: 'other' });
  });
  const search = async (query: string, filter?: object): Promise<Hit[]> =>
    (await large.graphql<Found>(SEARCH, { query, filter })).data.search.edges.map(({ node }) => node);

  it('finds the one with the rare word among many', async () => {
    const [best] = await search('Where does the samovar stand?');
    expect(best?.memory.text).toBe('The samovar stands in the pantry');
    const [exact] = await search('What did the user buy for Room 777?');
    expect(exact?.memory.text).toContain('Room 777 ');
  });

  it('gives all that a narrow filter leaves', async () => {
    expect(await search('chair', { sources: ['special'] })).toHaveLength(2);
    expect(await search('samovar', { tenantId: 'other' })).toHaveLength(1);
  });

  it('gives a full page, whatever is asked', async () => {
    for (const query of ['lamp', 'quantum chromodynamics', 'Oslo'])
      expect((await large.graphql<Found>(SEARCH, { query, first: 50 })).data.search.edges).toHaveLength(50);
  });
});

describe('a proof tree', () => {
  interface Proof {
    version: string;
    question: string;
    answer_hash: string;
    retrieval: { k: number; memories_evaluated: number; memories_cited: number };
    evidence_chain: {
      memory_id: string;
      decision: string;
      cited: boolean;
      bi_temporal: {
        valid_from: string;
        valid_to: string | null;
        transaction_time_start: string;
        transaction_time_end: string | null;
      };
    }[];
    supersession_chains: {
      starting_memory_id: string;
      current_truth_memory_id: string | null;
      chain: { memory_id: string; superseded_by: string | null; decision_at_time: string }[];
    }[];
  }
  const ask = async (more: object): Promise<WireAnswer & { proof_tree?: Proof }> =>
    (
      await client.rest<WireAnswer & { proof_tree?: Proof }>('POST', '/agent/query', {
        question: 'Where does Ines live?',
        ...more,
      })
    ).body;

  it('is there on demand alone, with what the answer was given from and how it came to be', async () => {
    const old = await add('Ines lives in Ghent');
    const fresh = await add('Ines lives in Turin', { supersedes: old });
    await add('Otto plays the cello');
    expect((await ask({})).proof_tree).toBeUndefined();
    const { proof_tree: proof, answer_with_citations: answer } = await ask({ include_proof_tree: true });
    expect(proof).toMatchObject({
      version: '1.0',
      question: 'Where does Ines live?',
      retrieval: { k: 10, memories_evaluated: 2, memories_cited: 1 },
      evidence_chain: [{ memory_id: fresh, cited: true }, { cited: false }],
      supersession_chains: [
        {
          starting_memory_id: old,
          current_truth_memory_id: fresh,
          chain: [
            { memory_id: old, superseded_by: fresh, decision_at_time: 'Ines lives in Ghent' },
            { memory_id: fresh, superseded_by: null, decision_at_time: 'Ines lives in Turin' },
          ],
        },
      ],
    });
    const instant = (text: string | null): string | null => (text === null ? null : new Date(text).toISOString());
    const bound = {
      version: '1.0',
      question: 'Where does Ines live?',
      answer,
      evidence: proof?.evidence_chain.map(({ memory_id, decision, cited, bi_temporal: times }) => ({
        memory_id,
        decision,
        valid_from: instant(times.valid_from),
        valid_to: instant(times.valid_to),
        known_from: instant(times.transaction_time_start),
        known_to: instant(times.transaction_time_end),
        cited,
      })),
    };
    expect(proof?.answer_hash).toBe(createHash('sha256').update(JSON.stringify(bound)).digest('hex'));
  });

  it('is refused where the flag is no boolean', async () => {
    const { status, body } = await client.rest<object>('POST', '/agent/query', {
      question: 'x',
      include_proof_tree: 'yes',
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'INVALID_INPUT', field: 'include_proof_tree' });
  });
});
