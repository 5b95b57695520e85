import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { openApiDocument, openApiText } from '../../src/rest/openapi/document.js';
import { OPERATIONS } from '../../src/rest/openapi/operations.js';
import * as memoryReplies from '../../src/rest/replies/memory.js';
import * as readReplies from '../../src/rest/replies/reads.js';
import * as writeReplies from '../../src/rest/replies/writes.js';
import { ROUTES } from '../../src/rest/routes.js';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireExtracted, WireSaved } from '../support/wire.js';

let app: TestApp;
let client: Client;
let oldId: string;
let newId: string;

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient({ autoSupersede: true });
  const add = async (content: string) =>
    (await client.rest<WireSaved>('POST', '/agent/memories', { content, topic: 'Places' })).body.memory_id;
  oldId = await add('The office is in Berlin.');
  newId = await add('The office is in Munich.');
});
afterAll(() => app.close());

describe('the OpenAPI document', () => {
  it('is the one in openapi.json (else run npm run codegen)', () => {
    expect(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')).toBe(openApiText());
  });

  it('describes every route, and no other', () => {
    const routes = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(Object.keys(OPERATIONS).sort()).toEqual(routes.sort());
  });

  it('gives every operation a name of its own', () => {
    const names = Object.values(OPERATIONS).map(({ id }) => id);
    expect(new Set(names).size).toBe(names.length);
  });

  it('says what the verbs check, under the names of the wire', () => {
    const { schemas } = openApiDocument().components;
    const { AddMemoriesInput: add, QueryInput: query } = schemas;
    expect(Object.keys(add?.properties ?? {})).toEqual(
      expect.arrayContaining([
        'content',
        'messages',
        'importance',
        'importance_score',
        'recorded_at',
        'auto_supersede',
      ]),
    );
    expect(JSON.stringify(schemas)).not.toMatch(/"(?:idempotencyKey|asOf|validFrom|apiKey)"/);
    expect(query).toMatchObject({
      required: ['question'],
      properties: { question: { type: 'string', maxLength: 10_000 }, as_of: {}, transaction_as_of: {} },
    });
  });

  /** The statuses that the document knows of an operation, and what it says of one. */
  const statusesOf = (method: string, path: string): string[] => {
    const operation = openApiDocument().paths[path]?.[method] as { responses: object } | undefined;
    return Object.keys(operation?.responses ?? {});
  };
  const OF_ALL = ['200', '400', '401', '403', '408', '429', '431', '500', '503', '504'];
  const OF_BODIES = ['413', '415'];

  it.each([
    ['get', '/plan/status', []],
    ['patch', '/agent/settings', [...OF_BODIES, '422']],
    ['delete', '/agent/memories', [...OF_BODIES, '422']],
    ['get', '/agent/memories', ['402', '409', '422']],
    ['get', '/agent/events', ['402', '410', '422']],
    ['get', '/memories/{memory_id}/timeline', ['402', '404', '409', '422']],
    ['post', '/agent/memories', [...OF_BODIES, '402', '404', '409', '422', '502']],
    ['post', '/agent/memories/import', [...OF_BODIES, '402', '404', '422', '507']],
  ])('names every status that %s %s may be answered with', (method, path, own) => {
    expect(statusesOf(method, path)).toEqual([...OF_ALL, ...own].sort());
  });

  it('says of a status what each of its codes means', () => {
    const { responses } = openApiDocument().components;
    expect(responses[429]).toMatchObject({
      description: expect.stringMatching(/`QUOTA_EXCEEDED`: .*`RATE_LIMITED`: .*`LLM_RATE_LIMITED`: /) as string,
      headers: { 'Retry-After': {} },
    });
    expect(responses[507]).toMatchObject({ description: expect.stringContaining('`STORAGE_FULL`: ') as string });
    expect(JSON.stringify(responses)).not.toMatch(/Refused\.|PERSISTED|NOT_ACCEPTABLE/);
  });

  it.each(['/openapi.json', '/docs'])('is served at %s to anybody', async (path) => {
    const response = await app.fetch(new Request(`http://palimpsest${path}`));
    expect(response.status).toBe(200);
    const text = await response.text();
    for (const { path: template } of ROUTES) expect(text).toContain(template);
  });
});

describe('the page', () => {
  it('runs no script and takes nothing from elsewhere', async () => {
    const response = await app.fetch(new Request('http://palimpsest/docs'));
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/);
    const html = await response.text();
    expect(html).not.toMatch(/<script|<img|<link|\son\w+=|\sstyle=|https?:\/\//i);
  });
});

describe('a reply', () => {
  const query = { question: 'Where is the office?', include_proof_tree: true };
  const messages = [{ role: 'user', content: 'I am Alice. I live in Oslo.' }];
  const cases: [string, string, unknown, z.ZodType][] = [
    ['POST', '/agent/memories', { content: 'Likes tea.' }, writeReplies.saved],
    ['POST', '/agent/memories', { content: 'Likes milk.', dry_run: true }, writeReplies.saved],
    ['POST', '/agent/memories', { messages }, writeReplies.extracted],
    ['GET', '/agent/memories?include_superseded=true', undefined, memoryReplies.memoryList],
    ['POST', '/agent/query', query, readReplies.answer],
    ['GET', '/memories/{id}', undefined, memoryReplies.memory],
    ['GET', '/memories/{id}/timeline', undefined, memoryReplies.timeline],
    ['GET', '/memories/{id}/audit', undefined, memoryReplies.audit],
    ['POST', '/memories/{new}/supersede', { valid_to: '2999-01-01T00:00:00Z' }, writeReplies.superseded],
    ['GET', '/agent/changes?from=2020-01-01T00:00:00Z&to=2999-01-01T00:00:00Z', undefined, readReplies.changeList],
    ['GET', '/agent/proposals', undefined, writeReplies.proposalList],
    ['GET', '/agent/settings', undefined, readReplies.settings],
    ['PATCH', '/agent/settings', { min_confidence: 0.9 }, readReplies.settings],
    ['GET', '/plan/status', undefined, readReplies.planStatus],
    ['DELETE', '/agent/memories?tenant_id=none', undefined, writeReplies.deleted],
  ];

  it.each(cases)('to %s %s %j has the shape that is described', async (method, template, body, shape) => {
    const path = template.replace('{id}', oldId).replace('{new}', newId);
    const reply = await client.rest(method, path, body);
    expect(reply.status).toBe(200);
    expect(shape.parse(reply.body)).toEqual(reply.body); // nothing more, and nothing less
  });

  it('that refuses has the shape that is described', async () => {
    const bad = await client.rest('PATCH', '/agent/settings', { min_confidence: 5 });
    const none = await callRest(app, 'GET', '/plan/status');
    for (const { body } of [bad, none]) expect(readReplies.refusal.parse(body)).toEqual(body);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('of messages has facts with their evidence', async () => {
    const { body } = await client.rest<WireExtracted>('POST', '/agent/memories', {
      messages: [{ role: 'user', content: 'I have a cat called Mog.' }],
    });
    expect(writeReplies.extracted.parse(body)).toEqual(body);
    expect(body.facts).toHaveLength(1);
  });
});
