import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { linesOf } from '../../src/core/rules/lines.js';
import { jsonReply, startOpenAiServer, type ChatBody, type OpenAiServer } from '../support/openai-server.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireAnswer, WireExtracted, WireSaved } from '../support/wire.js';

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  client = await app.newClient();
});

const tell = async (messages: { role: string; content: string }[]): Promise<string[]> => {
  const { status, body } = await client.rest<WireExtracted>('POST', '/agent/memories', { messages });
  expect(status).toBe(200);
  return body.extracted;
};
const store = (content: string) => client.rest<WireSaved>('POST', '/agent/memories', { content });

describe('what the server said itself', () => {
  it('is no news when an agent hands its memories back', async () => {
    await store('Alice works at Acme');
    await store('Alice is allergic to peanuts');
    const recalled = 'What I know:\n- Alice works at Acme\n2. "Alice is allergic to peanuts."';
    expect(await tell([{ role: 'user', content: recalled }])).toEqual([]);
    expect(await tell([{ role: 'assistant', content: recalled }])).toEqual([]);
  });

  it('is no news when an answer comes back in the conversation', async () => {
    await store('Alice works at Acme');
    const { body } = await client.rest<WireAnswer>('POST', '/agent/query', { question: 'Where does Alice work?' });
    expect(body.answer).toContain('Acme');
    for (const content of [body.answer, body.answer_with_citations]) {
      expect(await tell([{ role: 'assistant', content }])).toEqual([]);
      expect(await tell([{ role: 'user', content }])).toEqual([]);
    }
  });

  it('does not hide what stands beside it, nor move where that stands', async () => {
    await store('Alice works at Acme');
    const content = 'Alice works at Acme. My sister Maria lives in Lima.';
    const { body } = await client.rest<WireExtracted>('POST', '/agent/memories', {
      messages: [{ role: 'user', content }],
    });
    expect(body.extracted).toHaveLength(1);
    const { start, end } = body.facts[0]?.span ?? { start: 0, end: 0 };
    expect(content.slice(start, end)).toContain('Maria lives in Lima');
  });

  it('may be said again by a person once it was superseded', async () => {
    const { body } = await store('I live in Berlin');
    await client.rest('POST', `/memories/${body.memory_id}/supersede`, { valid_to: new Date().toISOString() });
    expect(await tell([{ role: 'user', content: 'I live in Berlin.' }])).toHaveLength(1);
  });

  it("is told apart by tenant and account: another's memory is news here", async () => {
    await client.rest('POST', '/agent/memories', { content: 'Maria lives in Lima', tenant_id: 'other' });
    expect(await tell([{ role: 'user', content: 'Maria lives in Lima.' }])).toHaveLength(1);
  });

  it('is hidden line by line in a long message, and what stands between stays where it was', async () => {
    const own = 'Alice works at Acme [mem-1].\n'.repeat(1_500);
    const content = `${own}My sister Maria lives in Lima.\n${own}`;
    const { body } = await client.rest<WireExtracted>('POST', '/agent/memories', {
      messages: [{ role: 'user', content }],
    });
    expect(body.extracted).toEqual(["User's sister Maria lives in Lima"]);
    const { start, end } = body.facts[0]?.span ?? { start: 0, end: 0 };
    expect(content.slice(start, end)).toBe('My sister Maria lives in Lima.');
  });

  it('costs one statement more, whatever the number of messages', async () => {
    const one = await app.statementsOf(() => tell([{ role: 'user', content: 'The weather was so nice today.' }]));
    const many = Array.from({ length: 200 }, (_, i) => ({ role: 'user', content: `The weather was nice, said ${i}.` }));
    const all = await app.statementsOf(() => tell(many));
    expect(all.length).toBe(one.length);
  });
});

describe('an answer that a model worded', () => {
  let server: OpenAiServer;
  let modelled: TestApp;

  beforeAll(async () => {
    server = await startOpenAiServer();
    modelled = await startApp({ env: { LLM_BASE_URL: server.baseUrl, LLM_MODEL: 'local' } });
  });
  afterAll(async () => {
    await modelled.close();
    await server.close();
  });

  it('is recognised when it comes back, and never reaches the extractor', async () => {
    const who = await modelled.newClient();
    await who.rest('POST', '/agent/memories', { content: 'Alice works at Acme' });
    server.script(jsonReply({ answer: 'She earns her living over at Acme these days [mem-1].', is_answered: true }));
    const { body } = await who.rest<WireAnswer>('POST', '/agent/query', { question: 'Where does Alice work?' });
    expect(body.answer).toBe('She earns her living over at Acme these days.');
    server.script(jsonReply({ facts: [] }));
    const messages = [
      { role: 'assistant', content: `Let me see. ${body.answer}` },
      { role: 'user', content: 'My sister Maria lives in Lima.' },
    ];
    await who.rest('POST', '/agent/memories', { messages });
    const sent = JSON.stringify((server.requests[0]?.body as ChatBody).messages);
    expect(sent).toContain('Maria lives in Lima');
    expect(sent).not.toContain('earns her living');
  });

  it('is kept as hashes alone, and those go with the memories', async () => {
    const who = await modelled.newClient();
    await who.rest('POST', '/agent/memories', { content: 'Alice works at Acme' });
    server.script(jsonReply({ answer: 'Her employer is the firm called Acme [mem-1].', is_answered: true }));
    await who.rest('POST', '/agent/query', { question: 'Where does Alice work?' });
    const where = { accountId: who.caller.accountId };
    const kept = await modelled.deps.db.answerSentence.findMany({ where });
    expect(kept).toHaveLength(1);
    expect(kept[0]?.hash).toHaveLength(32);
    await who.rest('DELETE', '/agent/memories');
    expect(await modelled.deps.db.answerSentence.count({ where })).toBe(0);
  });
});

describe('linesOf', () => {
  it.each([
    ['One thing is so. Another thing is so.', ['One thing is so', 'Another thing is so']],
    ['- a bullet is here\n  * and another one "quoted."', ['a bullet is here', 'and another one "quoted']],
    ['1. numbered as it is', ['numbered as it is']],
    ['Alice works at Acme [mem-1][mem-2]. And so on it goes.', ['Alice works at Acme', 'And so on it goes']],
    ['Yes. Ok!', []],
  ])('%j', (text, words) => {
    expect(linesOf(text).map((line) => line.words)).toEqual(words);
  });

  it('gives places that hold the line', () => {
    const text = 'First of all lines.\n\n  Second of all lines.';
    expect(linesOf(text).map(({ start, end }) => text.slice(start, end).trim())).toEqual([
      'First of all lines.',
      'Second of all lines.',
    ]);
  });

  // Each of these once took a pattern the square of its length: then this does not end in time.
  it.each([' ', '"', '!', '.', '[mem-1]', '\n', '- '])('reads through 100,000 times %j', (run) => {
    const lines = linesOf(`This is the start${run.repeat(100_000)}and this is the end`);
    expect(lines.at(0)?.words).toMatch(/^This is the start/);
    expect(lines.at(-1)?.words).toMatch(/and this is the end$/);
  });
});
