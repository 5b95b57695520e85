import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocuments } from '../../src/graphql/read-documents.js';
import { callGraphql, startApp, type Client, type TestApp } from '../support/start-app.js';
import { openTransports, TRANSPORTS, type Send, type Transport } from '../support/transports.js';

const digest = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
const sha256 = (text: string): string => digest('sha256', text);

const PLAN = 'query Plan { planStatus { tier } }';
const ADD = 'mutation Add($input: AddMemoriesInput!) { addMemories(input: $input) { facts { text } } }';
const FEED = 'subscription Feed { memoryEvents { __typename } }';
const UNLISTED = 'query Other { planStatus { tier } }';

let folder: string;
let app: TestApp;
let client: Client;
let send: Readonly<Record<Transport, Send>>;
let closeSocket: () => void;

const write = (name: string, content: unknown): string => {
  const file = path.join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'operations-'));
  write('relay.json', { [digest('md5', PLAN)]: PLAN });
  write('apollo.json', {
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: [{ id: sha256(ADD), name: 'Add', type: 'mutation', body: ADD }],
  });
  write('feed.graphql', `${FEED}\n`);
  write('notes.txt', 'not read');
  app = await startApp({ env: { PALIMPSEST_PERSISTED_OPERATIONS: folder } });
  client = await app.newClient();
  const opened = await openTransports(await app.listen(), client.key);
  send = opened.send;
  closeSocket = () => opened.socket.terminate();
});
afterAll(async () => {
  closeSocket();
  await app.close();
  rmSync(folder, { recursive: true });
});

const persisted = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } } });
const REFUSED = { errors: [{ extensions: { code: 'PERSISTED_OPERATION_NOT_FOUND' } }] };
const DONE = { data: { planStatus: { tier: 'pro' } } };

describe.each(TRANSPORTS)('with a list of operations, over %s', (transport) => {
  it('a listed one runs by every id it has, and by its text', async () => {
    const forms: object[] = [
      persisted(PLAN),
      { documentId: `sha256:${sha256(PLAN)}` },
      { documentId: sha256(PLAN) },
      { documentId: digest('md5', PLAN) },
      { query: PLAN },
      { query: PLAN, ...persisted(PLAN) },
    ];
    for (const form of forms) expect(await send[transport](form)).toEqual(DONE);
  });

  it('variables and subscriptions go with it', async () => {
    const input = { content: `The ${transport} ferry leaves at eight` };
    expect(await send[transport]({ ...persisted(ADD), variables: { input } })).toEqual({
      data: { addMemories: { facts: [{ text: input.content }] } },
    });
    if (transport === 'HTTP') return;
    expect(await send[transport](persisted(FEED))).toEqual({ data: { memoryEvents: { __typename: 'FeedOpened' } } });
  });

  it.each<[what: string, parameters: object]>([
    ['a text', { query: UNLISTED }],
    ['a text that differs by a space', { query: `${PLAN} ` }],
    ['a text with its own hash, as clients register it elsewhere', { query: UNLISTED, ...persisted(UNLISTED) }],
    ["a text with a listed one's hash", { query: UNLISTED, ...persisted(PLAN) }],
    ["a listed text with another one's hash", { query: PLAN, ...persisted(ADD) }],
    ['a hash', persisted(UNLISTED)],
    ['an id', { documentId: `sha256:${sha256(UNLISTED)}` }],
    ['an id of another kind', { documentId: 'x-app:plan' }],
    ['the name of a property', { documentId: '__proto__' }],
  ])('%s that is not listed is refused, and not remembered', async (_what, parameters) => {
    for (let i = 0; i < 2; i++) {
      const reply = await send[transport](parameters);
      expect(reply).toMatchObject(REFUSED);
      expect(reply.data).toBeUndefined();
    }
  });
});

describe('with a list of operations', () => {
  it('GET takes ids as POST does, and no mutation', async () => {
    const get = (query: Record<string, string>) =>
      app.fetch(
        new Request(`http://palimpsest/graphql?${new URLSearchParams(query).toString()}`, {
          headers: { authorization: `Bearer ${client.key}`, accept: 'application/graphql-response+json' },
        }),
      );
    expect(await (await get({ documentId: `sha256:${sha256(PLAN)}` })).json()).toEqual(DONE);
    expect(await (await get({ extensions: JSON.stringify(persisted(PLAN).extensions) })).json()).toEqual(DONE);
    expect((await get({ documentId: `sha256:${sha256(ADD)}`, variables: '{"input":{"content":"x"}}' })).status).toBe(
      405,
    );
    expect((await get({ query: UNLISTED })).status).toBe(404);
    expect((await get({})).status).toBe(400);
  });

  it('what is refused is 404 by POST', async () => {
    expect(await client.graphql(UNLISTED)).toMatchObject({ status: 404, ...REFUSED });
  });

  it('a batch, or a body of another shape, gets past it no more than elsewhere', async () => {
    const headers = { authorization: `Bearer ${client.key}`, accept: 'application/graphql-response+json' };
    for (const body of [
      [{ query: UNLISTED }],
      '"text"',
      '1',
      { query: [UNLISTED] },
      { query: { toString: UNLISTED } },
      {},
    ]) {
      const { data, errors, status } = await callGraphql(app, headers, body);
      expect({ data, status }).toEqual({ data: undefined, status: 400 });
      expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    }
  });

  it('a webhook runs none either', () => {
    const document = 'subscription { memoryEvents { ... on MemoryEvent { kind } } }';
    expect(() => app.deps.webhookTerms.acceptDocument(document)).toThrow(/persisted operations alone/);
    expect(app.deps.webhookTerms.acceptDocument(FEED)).toBe(FEED);
  });
});

describe('a list of operations', () => {
  it.each<[what: string, content: unknown, says: RegExp]>([
    ['a hash that is not the one of its text', { [sha256(PLAN)]: UNLISTED }, /is not the digest/],
    ['an id that is no hash', { plan: PLAN }, /plan is not the digest/],
    ['a text that is no document', { [sha256('{ planStatus')]: '{ planStatus' }, /is no GraphQL document/],
    ['a value that is no text', { [sha256(PLAN)]: 7 }, /is no text/],
    ['a list', [PLAN], /is no map/],
    ['nothing', {}, /holds no persisted operation/],
    ['no JSON', '{', /is not valid JSON/],
    [
      'an entry of Apollo with another body',
      { format: 'apollo-persisted-query-manifest', operations: [{ id: sha256(PLAN), body: UNLISTED }] },
      /is not the digest/,
    ],
    ['an entry of Apollo without a list', { format: 'apollo-persisted-query-manifest' }, /operations is no list/],
  ])('with %s stops the start', async (_what, content, says) => {
    await expect(readDocuments(write('poisoned.json', content))).rejects.toThrow(says);
  });

  it('that is not there stops the start', async () => {
    await expect(readDocuments(path.join(folder, 'nowhere'))).rejects.toThrow(/ENOENT/);
  });

  it('may be one document, named by its hash with and without the line break at its end', async () => {
    const documents = await readDocuments(write('plan.graphql', `${PLAN}\n`));
    expect([...documents.keys()].sort()).toEqual([sha256(PLAN), sha256(`${PLAN}\n`)].sort());
  });
});
