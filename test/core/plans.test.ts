import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runOperatorCommand } from '../../src/operator.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { refusal, type WireRefusal } from '../support/wire.js';

let app: TestApp;
let client: Client;
let memoryId: string;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_WRITES: '2', PALIMPSEST_PRO_WRITES: '5' } });
});
afterAll(() => app.close());
beforeEach(async () => {
  client = await app.newClient({ plan: 'starter' });
  const { body } = await client.rest<{ memory_id: string }>('POST', '/agent/memories', { content: 'Likes tea.' });
  memoryId = body.memory_id;
});

const operate = (...argv: string[]) => runOperatorCommand(app.deps, argv);
const setPlan = (...options: string[]) => operate('accounts', 'set-plan', client.caller.accountId, ...options);
const add = (content: string) => client.rest<WireRefusal>('POST', '/agent/memories', { content });

interface Plan {
  plan_tier: string;
  plan_status: string;
  writes_used: number;
  writes_limit: number;
  in_grace_period: boolean;
  blocked: boolean;
}
const plan = async (): Promise<Plan> => (await client.rest<Plan>('GET', '/plan/status')).body;

describe('an operator', () => {
  it('gives an account another plan, and what it has used stays counted', async () => {
    await add('Likes milk.');
    expect((await add('Likes honey.')).status).toBe(429);
    expect(await setPlan('--plan', 'pro')).toContain('is pro, active');
    expect(await plan()).toMatchObject({ plan_tier: 'pro', writes_used: 2, writes_limit: 5, in_grace_period: false });
    expect((await add('Likes honey.')).status).toBe(200);
    await setPlan('--plan', 'starter');
    expect(await plan()).toMatchObject({ writes_used: 3, writes_limit: 2, in_grace_period: true, blocked: false });
    expect((await client.rest('GET', '/agent/memories')).status).toBe(200); // reads go on in the grace period
  });

  it('sets the status alone', async () => {
    expect(await setPlan('--status', 'past_due')).toContain('is starter, past_due');
    expect(await plan()).toMatchObject({ plan_tier: 'starter', plan_status: 'past_due', blocked: false });
    expect((await add('Likes milk.')).status).toBe(200);
  });

  it('sees all accounts', async () => {
    await setPlan('--plan', 'pro', '--status', 'past_due');
    expect((await operate('accounts', 'list')).split('\n')).toContainEqual(
      expect.stringMatching(new RegExp(`^${client.caller.accountId}\tpro\tpast_due\t1\t`)),
    );
  });

  it.each([
    [[], 'give plan, status, or both'],
    [['--plan', 'platinum'], 'plan:'],
    [['--status', 'sleeping'], 'status:'],
    [['--colour', 'green'], 'Usage|palimpsest'],
  ])('with %j changes nothing', async (options, words) => {
    await expect(setPlan(...options)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(new RegExp(words)) as string,
    });
    expect(await plan()).toMatchObject({ plan_tier: 'starter', plan_status: 'active' });
  });

  it.each([
    ['00000000-0000-4000-8000-000000000000', 'NOT_FOUND'],
    ['nobody', 'INVALID_INPUT'],
  ])('is told that there is no account %s', async (id, code) => {
    await expect(operate('accounts', 'set-plan', id, '--plan', 'pro')).rejects.toMatchObject({ code });
  });
});

describe('a canceled plan', () => {
  beforeEach(() => setPlan('--status', 'canceled'));

  it.each([
    ['GET', '/agent/memories'],
    ['POST', '/agent/memories', { content: 'Likes milk.' }],
    ['POST', '/agent/query', { question: 'Who?' }],
    ['GET', '/memories/{id}/timeline'],
    ['GET', '/memories/{id}/audit'],
    ['POST', '/memories/{id}/supersede', { valid_to: '2999-01-01T00:00:00Z' }],
    ['GET', '/agent/proposals'],
  ])('refuses %s %s', async (method, path, body?: object) => {
    const reply = await client.rest(method, path.replace('{id}', memoryId), body);
    expect(reply.status).toBe(402);
    expect(reply.body).toEqual(refusal('PLAN_BLOCKED'));
  });

  it.each([
    'query { memories { nodes { id } } }',
    'query { search(query: "tea") { edges { node { score } } } }',
    'mutation { addMemories(input: { content: "Likes milk." }) { memories { id } } }',
    'mutation { query(input: { question: "Who?" }) { text } }',
  ])('refuses %s', async (operation) => {
    const { errors } = await client.graphql(operation);
    expect(errors?.[0]?.extensions.code).toBe('PLAN_BLOCKED');
  });

  it('says so, lets settings be read, and what is stored be deleted', async () => {
    expect(await plan()).toMatchObject({ plan_status: 'canceled', blocked: true });
    const { data } = await client.graphql<{ planStatus: object; settings: object }>(
      '{ planStatus { status isBlocked } settings { minConfidence } }',
    );
    expect(data).toMatchObject({
      planStatus: { status: 'canceled', isBlocked: true },
      settings: { minConfidence: 0.85 },
    });
    expect((await client.rest('GET', '/agent/settings')).status).toBe(200);
    expect((await client.rest('DELETE', '/agent/memories')).body).toMatchObject({ deleted_count: 1 });
  });

  it('ends when it is active again, and nothing is lost', async () => {
    await setPlan('--status', 'active');
    const { body } = await client.rest<{ memories: { id: string }[] }>('GET', '/agent/memories');
    expect(body.memories.map(({ id }) => id)).toEqual([memoryId]);
  });
});
