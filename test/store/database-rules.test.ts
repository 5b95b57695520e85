import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireSaved } from '../support/wire.js';

let app: TestApp;
let client: Client;
let stranger: Client;
let columns: string;

const add = async (by: Client, content: string): Promise<string> =>
  (await by.rest<WireSaved>('POST', '/agent/memories', { content })).body.memory_id;

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  stranger = await app.newClient();
  const rows = await app.deps.db.$queryRaw<{ name: string }[]>`
    SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = 'memories' AND is_generated = 'NEVER'`;
  columns = rows.map(({ name }) => name).join(', ');
});
afterAll(() => app.close());

type Columns = Record<string, unknown>;

/** Inserts a copy of a memory with some columns changed: what no code of ours would do, and what a mistake in it might. */
const insertCopy = (id: string, changes: Columns): Promise<number> =>
  app.deps.db.$executeRawUnsafe(
    `INSERT INTO memories (${columns})
     SELECT ${columns} FROM jsonb_populate_record((SELECT m FROM memories m WHERE id = $1::uuid), $2::jsonb)`,
    id,
    JSON.stringify({ id: randomUUID(), ...changes }),
  );

const chainOf = async (id: string) =>
  app.deps.db.memory.findFirstOrThrow({ where: { id }, select: { chainId: true, captureId: true } });

const PAST = { valid_from: '2020-01-01T00:00:00Z', valid_to: '2021-01-01T00:00:00Z' };
/** A version that is no longer held current, so that the chain takes it. */
const CLOSED = {
  ...PAST,
  known_from: '2022-01-01T00:00:00Z',
  known_to: '2023-01-01T00:00:00Z',
  believed_from: '2023-01-01T00:00:00Z',
};

describe('the database itself', () => {
  it('takes a closed version beside the current one', async () => {
    expect(await insertCopy(await add(client, 'The control of these tests.'), CLOSED)).toBe(1);
  });

  it.each<[what: string, changes: Columns, rule: string | RegExp]>([
    ['a second current version in a chain', {}, /23505|memories_one_current_per_chain|Unique/],
    ['a window that ends before it begins', { ...CLOSED, valid_to: '2019-01-01T00:00:00Z' }, /23514/],
    ['a transaction window that ends before it begins', { ...CLOSED, known_to: '2021-01-01T00:00:00Z' }, /23514/],
    ['a version that is held no longer and yet has no end', { ...CLOSED, valid_to: null }, /23514/],
    ['a belief that is older than the memory', { ...CLOSED, believed_from: '2021-01-01T00:00:00Z' }, /23514/],
    ['a retracted memory with a window', { ...CLOSED, retracted_at: '2023-01-01T00:00:00Z' }, /23514/],
    ['a span without the message that it is of', { ...CLOSED, span_start: 0, span_end: 5 }, /23514/],
    ['half a span', { ...CLOSED, message_index: 0, span_start: 0 }, /23514/],
    ['an empty span', { ...CLOSED, message_index: 0, span_start: 5, span_end: 5 }, /23514/],
    ['an importance of 11', { ...CLOSED, importance: 11 }, /23514/],
    ['a memory without a chain', { ...CLOSED, chain_id: randomUUID() }, /23503/],
    ['a memory without a capture', { ...CLOSED, capture_id: randomUUID() }, /23503/],
    ['a successor that is not there', { ...CLOSED, superseded_by_id: randomUUID() }, /23503/],
    ['a memory of no account', { ...CLOSED, account_id: randomUUID() }, /23503/],
  ])('refuses %s', async (what, changes, rule) => {
    const id = await add(client, `Refuses ${what}.`);
    await expect(insertCopy(id, changes)).rejects.toThrow(rule);
  });

  it('refuses a superseded version that is still held current', async () => {
    const [id, other] = [await add(client, 'One fact of two.'), await add(client, 'The other fact of two.')];
    await expect(
      app.deps.db.$executeRaw`UPDATE memories SET superseded_by_id = ${other}::uuid WHERE id = ${id}::uuid`,
    ).rejects.toThrow(/23514/);
  });

  it('refuses a memory that points into another account: at its chain, its capture or its memory', async () => {
    const mine = await add(client, 'Mine, for pointing.');
    const theirs = await add(stranger, 'Theirs, pointed at.');
    const { chainId, captureId } = await chainOf(theirs);
    for (const changes of [{ chain_id: chainId }, { capture_id: captureId }, { superseded_by_id: theirs }]) {
      await expect(insertCopy(mine, { ...CLOSED, ...changes })).rejects.toThrow(/23503/);
    }
  });

  it('refuses an event about a memory of another account', async () => {
    const theirs = await add(stranger, 'Theirs, reported by me.');
    const { accountId, apiKeyId } = client.caller;
    await expect(
      app.deps.db.$executeRaw`
        INSERT INTO memory_events (account_id, seq, kind, tenant_id, memory_id, api_key_id, created_at)
        VALUES (${accountId}::uuid, 1000000, 'CREATED', '', ${theirs}::uuid, ${apiKeyId}::uuid, now())`,
    ).rejects.toThrow(/23503/);
  });

  it('refuses two events with one sequence number, and one of an unknown kind', async () => {
    await add(client, 'Has the first number.');
    const { accountId, apiKeyId } = client.caller;
    const insert = (seq: number, kind: string) => app.deps.db.$executeRaw`
      INSERT INTO memory_events (account_id, seq, kind, tenant_id, api_key_id, created_at)
      VALUES (${accountId}::uuid, ${seq}, ${kind}, '', ${apiKeyId}::uuid, now())`;
    await expect(insert(1, 'CREATED')).rejects.toThrow(/23505/);
    await expect(insert(2_000_000, 'GUESSED')).rejects.toThrow(/23514/);
  });

  it('refuses to lose a memory that events tell of', async () => {
    const id = await add(client, 'Told of in an event.');
    await expect(app.deps.db.$executeRaw`DELETE FROM memories WHERE id = ${id}::uuid`).rejects.toThrow(/23503/);
  });
});
