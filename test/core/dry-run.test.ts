import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireExtracted, WireList, WireSaved } from '../support/wire.js';

const ADD = `mutation ($input: AddMemoriesInput!) { addMemories(input: $input) {
  isDryRun extracted cursor memories { id }
  facts { id text topic importance messageIndex span { start end } memoryId isDuplicate skippedReason
    supersessions { oldId newId verdict confidence reason isApplied isProposed proposalId } }
} }`;

interface Fact {
  id: string;
  text: string;
  memoryId: string | null;
  messageIndex: number | null;
  span: { start: number; end: number } | null;
  isDuplicate: boolean;
  supersessions: { oldId: string; newId: string | null; isApplied: boolean; isProposed: boolean }[];
}
interface Added {
  addMemories: { isDryRun: boolean; extracted: string[]; cursor: string; memories: object[]; facts: Fact[] };
}

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  client = await app.newClient({ autoSupersede: true });
});

const add = async (input: object): Promise<Added['addMemories']> => {
  const { data, errors } = await client.graphql<Added>(ADD, { input });
  expect(errors).toBeUndefined();
  return data.addMemories;
};
/** All that a write could have left behind. */
const stateOf = async (): Promise<unknown[]> => {
  const { db } = app.deps;
  const where = { accountId: client.caller.accountId };
  return Promise.all([
    db.account.findUnique({ where: { id: where.accountId } }),
    db.memory.findMany({ where, orderBy: { createdSeq: 'asc' } }),
    db.memoryEvent.count({ where }),
    db.chain.count({ where }),
    db.capture.count({ where }),
    db.supersessionProposal.count({ where }),
    db.idempotencyKey.count({ where }),
  ]);
};

const NEWS = {
  messages: [
    { role: 'USER', content: 'Hi, I am Alice. I moved to Munich last week.' },
    { role: 'ASSISTANT', content: 'Nice!' },
  ],
};

describe('dryRun', () => {
  it('says what would be extracted and superseded, and writes nothing', async () => {
    const { facts: stored } = await add({ content: 'Alice lives in Berlin' });
    const before = await stateOf();
    const rehearsed = await add({ ...NEWS, dryRun: true });
    expect(await stateOf()).toEqual(before);
    expect(rehearsed).toMatchObject({ isDryRun: true, memories: [] });
    const moved = rehearsed.facts.find(({ text }) => text.includes('Munich'));
    expect(moved).toMatchObject({ memoryId: null, isDuplicate: false, messageIndex: 0 });
    expect(NEWS.messages[0]?.content.slice(moved?.span?.start, moved?.span?.end)).toContain('Munich');
    expect(moved?.supersessions.find(({ oldId }) => oldId === stored[0]?.memoryId)).toMatchObject({
      verdict: 'SUPERSEDES',
      isApplied: true,
      newId: null,
    });
  });

  it('says the same as the write that follows it', async () => {
    await add({ content: 'Alice lives in Berlin' });
    const told = ({ extracted, facts }: Added['addMemories']) => ({
      extracted,
      decided: facts.map(({ supersessions }) => supersessions.map(({ oldId, isApplied }) => ({ oldId, isApplied }))),
    });
    const rehearsed = await add({ ...NEWS, dryRun: true });
    const written = await add(NEWS);
    expect(written.isDryRun).toBe(false);
    // Facts of one write are named by ids of their own.
    const own = new Set([...rehearsed.facts, ...written.facts].map(({ id }) => id));
    const known = (reply: ReturnType<typeof told>) => ({
      ...reply,
      decided: reply.decided.map((some) => some.filter(({ oldId }) => !own.has(oldId))),
    });
    expect(known(told(written))).toEqual(known(told(rehearsed)));
  });

  it('tells what is known already, and by which memory', async () => {
    const [first] = (await add({ content: 'Alice lives in Berlin' })).facts;
    const { facts } = await add({ content: 'Alice lives in Berlin', dryRun: true });
    expect(facts).toMatchObject([{ isDuplicate: true, memoryId: first?.memoryId }]);
  });

  it('would leave to a person what is not sure enough', async () => {
    await client.rest('PATCH', '/agent/settings', { min_confidence: 1 });
    await add({ content: 'Alice lives in Berlin' });
    const { facts } = await add({ content: 'Alice moved to Munich', dryRun: true });
    expect(facts[0]?.supersessions[0]).toMatchObject({ isApplied: false, isProposed: true, proposalId: null });
  });

  it('refuses what the write would refuse', async () => {
    const { errors } = await client.graphql(ADD, {
      input: { content: 'x', supersedes: '00000000-0000-4000-8000-000000000000', dryRun: true },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'supersedes' });
  });

  it('does not go with an idempotency key: nothing is kept to repeat', async () => {
    const { errors } = await client.graphql(ADD, { input: { content: 'x', dryRun: true, idempotencyKey: 'k' } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'idempotencyKey' });
  });

  it('speaks REST too', async () => {
    const before = await stateOf();
    const content = await client.rest('POST', '/agent/memories', { content: 'Alice lives in Berlin', dry_run: true });
    expect(content).toMatchObject({ status: 200, body: { status: 'dry_run', memory_id: null, dry_run: true } });
    const messages = [{ role: 'user', content: 'I moved to Munich last week.' }];
    const { body } = await client.rest<WireExtracted>('POST', '/agent/memories', { messages, dry_run: true });
    expect(body).toMatchObject({ status: 'dry_run', saved_count: 0, memory_ids: [], dry_run: true });
    expect(body.extracted_count).toBeGreaterThan(0);
    expect(body.facts[0]).toMatchObject({ memory_id: null, message_index: 0 });
    expect(await stateOf()).toEqual(before);
  });
});

describe('facts of one write', () => {
  it('replace one another: the last word of a conversation stays current', async () => {
    const { body } = await client.rest<WireExtracted>('POST', '/agent/memories', {
      messages: [
        { role: 'user', name: 'Alice', content: 'I live in Berlin.' },
        { role: 'assistant', content: 'Since when?' },
        { role: 'user', name: 'Alice', content: 'Wait, that is old: I moved to Munich and no longer live in Berlin.' },
      ],
    });
    expect(body.extracted_count).toBeGreaterThan(1);
    const current = await client.rest<WireList>('GET', '/agent/memories');
    const texts = current.body.memories.map(({ decision }) => decision);
    expect(texts.some((text) => /lives in Berlin/.test(text) && !/no longer/.test(text))).toBe(false);
    expect(texts.join('; ')).toContain('Munich');
    const all = await client.rest<WireList>('GET', '/agent/memories?include_superseded=true');
    expect(all.body.memories.length).toBe(body.saved_count);
  });

  it('may replace a stored one and one of their own, all in one timeline', async () => {
    await client.rest('POST', '/agent/memories', { content: 'Alice lives in Oslo' });
    await client.rest('POST', '/agent/memories', {
      messages: [
        { role: 'user', name: 'Alice', content: 'I moved to Berlin in March 2024.' },
        { role: 'user', name: 'Alice', content: 'I moved to Munich in May 2025.' },
      ],
      recorded_at: '2026-01-01T00:00:00Z',
    });
    const { body } = await client.rest<WireList>('GET', '/agent/memories?include_superseded=true');
    const chains = await app.deps.db.memory.groupBy({
      by: ['chainId'],
      where: { accountId: client.caller.accountId, knownTo: null },
      _count: true,
    });
    expect(body.memories.length).toBe(3);
    for (const { _count } of chains) expect(_count).toBe(1);
  });
});

describe('a user whose name became known', () => {
  it('is one person, called User before and by name after', async () => {
    await client.rest('POST', '/agent/memories', { content: 'User lives in Berlin', tenant_id: 'alice' });
    await client.rest('POST', '/agent/memories', { content: "User's name is Alice", tenant_id: 'alice' });
    const { body } = await client.rest<WireSaved>('POST', '/agent/memories', {
      content: 'Alice moved to Munich',
      tenant_id: 'alice',
    });
    expect(body.auto_supersede.supersession).toMatchObject({ verdict: 'supersedes' });
  });

  it('stays apart from somebody else', async () => {
    await client.rest('POST', '/agent/memories', { content: 'User lives in Berlin', tenant_id: 'alice' });
    await client.rest('POST', '/agent/memories', { content: "User's name is Alice", tenant_id: 'alice' });
    const { body } = await client.rest<WireSaved>('POST', '/agent/memories', {
      content: 'Boris moved to Munich',
      tenant_id: 'alice',
    });
    expect(body.auto_supersede.supersession).toBeNull();
  });

  it('is not guessed where two introduced themselves', async () => {
    for (const content of ['User lives in Berlin', "User's name is Alice", "User's name is Boris"])
      await client.rest('POST', '/agent/memories', { content, auto_supersede: false });
    const { body } = await client.rest<WireSaved>('POST', '/agent/memories', { content: 'Alice moved to Munich' });
    expect(body.auto_supersede.supersession).toBeNull();
  });
});
