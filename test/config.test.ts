import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.js';

const ROOT = path.join(import.meta.dirname, '..');
const EXAMPLE = readFileSync(path.join(ROOT, '.env.example'), 'utf8');
const SOURCE = readFileSync(path.join(ROOT, 'src/config.ts'), 'utf8');

/** The variables that src/config.ts declares. */
const declared = [...SOURCE.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name ?? '');

describe('readConfig', () => {
  it('has a default for everything, and serves this machine alone', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      isProduction: false,
      hasGraphiql: true,
      corsOrigins: [],
      requestRates: { starter: 1_200, pro: 12_000 },
      logLevel: 'info',
      maxBodyBytes: 1_048_576,
      queryLimit: 10,
      messagesStatus: 'saved',
      writesLimits: { starter: 50_000, pro: 1_000_000 },
      database: { kind: 'embedded', dataDir: './data' },
      anthropic: null,
      openai: null,
      embedding: null,
      byo: { hosts: [], timeoutMs: 180_000 },
    });
  });

  it.each([
    [{ PORT: '0' }, { port: 0 }],
    [{ HOST: '::' }, { host: '::' }],
    [{ PALIMPSEST_DATA_DIR: '/var/lib/p' }, { database: { kind: 'embedded', dataDir: '/var/lib/p' } }],
    [
      { DATABASE_URL: 'postgresql://u:p@h:5432/d', PALIMPSEST_DATA_DIR: './data' },
      { database: { kind: 'postgres', url: 'postgresql://u:p@h:5432/d', poolSize: 10 } },
    ],
    [
      { DATABASE_URL: 'postgres://h/d', PALIMPSEST_POOL_SIZE: '3' },
      { database: { kind: 'postgres', url: 'postgres://h/d', poolSize: 3 } },
    ],
    [{ NODE_ENV: 'production' }, { isProduction: true, hasGraphiql: false }],
    [{ NODE_ENV: 'production', PALIMPSEST_GRAPHIQL: 'true' }, { hasGraphiql: true }],
    [{ PALIMPSEST_GRAPHIQL: 'false' }, { hasGraphiql: false }],
    [{ PALIMPSEST_MESSAGES_STATUS: 'extracted' }, { messagesStatus: 'extracted' }],
    [{ PALIMPSEST_STARTER_WRITES: '0' }, { writesLimits: { starter: 0, pro: 1_000_000 } }],
    [
      { ANTHROPIC_API_KEY: 'sk-x' },
      { anthropic: { apiKey: 'sk-x', answerModel: 'claude-opus-4-7', extractionModel: 'claude-opus-4-7' } },
    ],
    [{ ANTHROPIC_BASE_URL: 'http://localhost:1' }, { anthropic: null }],
    [
      { ANTHROPIC_API_KEY: 'sk-x', PALIMPSEST_MODEL_CONCURRENCY: '3', PALIMPSEST_MODEL_TIMEOUT_MS: '500' },
      { anthropic: { concurrency: 3, timeoutMs: 500 }, byo: { timeoutMs: 500 } },
    ],
    [
      { LLM_BASE_URL: 'http://10.0.0.5:8000/v1', LLM_MODEL: 'llama' },
      {
        openai: {
          baseUrl: 'http://10.0.0.5:8000/v1',
          model: 'llama',
          classifierModel: 'llama',
          apiKey: undefined,
          concurrency: 8,
        },
      },
    ],
    [
      { LLM_BASE_URL: 'https://h/v1', LLM_MODEL: 'a', LLM_CLASSIFIER_MODEL: 'b', LLM_API_KEY: 'k' },
      { openai: { model: 'a', classifierModel: 'b', apiKey: 'k' } },
    ],
    [{ LLM_API_KEY: 'k', LLM_CLASSIFIER_MODEL: 'b' }, { openai: null }],
    [
      { PALIMPSEST_LLM_HOSTS: ' localhost:11434, VLLM.internal ,,[::1]:8000,10.0.0.5' },
      { byo: { hosts: ['localhost:11434', 'vllm.internal', '[::1]:8000', '10.0.0.5'] } },
    ],
    [
      { EMBEDDING_BASE_URL: 'http://localhost:11434/v1', EMBEDDING_MODEL: 'nomic-embed-text' },
      {
        embedding: {
          provider: 'openai',
          baseUrl: 'http://localhost:11434/v1',
          apiKey: undefined,
          model: 'nomic-embed-text',
          dimensions: undefined,
          batchSize: 64,
          concurrency: 8,
          timeoutMs: 180_000,
        },
      },
    ],
    [
      {
        EMBEDDING_BASE_URL: 'https://h/v1',
        EMBEDDING_MODEL: 'm',
        EMBEDDING_API_KEY: 'k',
        EMBEDDING_DIMENSIONS: '512',
        PALIMPSEST_EMBEDDING_BATCH: '8',
      },
      { embedding: { apiKey: 'k', dimensions: 512, batchSize: 8 } },
    ],
    [
      { EMBEDDING_BASE_URL: 'https://api.voyageai.com/v1', EMBEDDING_MODEL: 'voyage-3.5' },
      { embedding: { provider: 'voyage' } },
    ],
    [
      { EMBEDDING_BASE_URL: 'https://gateway/v1', EMBEDDING_MODEL: 'm', EMBEDDING_PROVIDER: 'voyage' },
      { embedding: { provider: 'voyage' } },
    ],
    [
      { EMBEDDING_BASE_URL: 'https://api.voyageai.com/v1', EMBEDDING_MODEL: 'm', EMBEDDING_PROVIDER: 'openai' },
      { embedding: { provider: 'openai' } },
    ],
    [
      { EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: './models/minilm' },
      { embedding: { provider: 'onnx', model: './models/minilm' } },
    ],
    [{ EMBEDDING_API_KEY: 'k', EMBEDDING_DIMENSIONS: '512' }, { embedding: null }],
    [{ SOMETHING_ELSE: 'x' }, { port: 4000 }],
  ])('reads %j', (env, expected) => {
    expect(readConfig(env)).toMatchObject(expected);
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(declared.map((name) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '40.5'],
    ['DATABASE_URL', 'mysql://h/d'],
    ['DATABASE_URL', 'h:5432'],
    ['PALIMPSEST_POOL_SIZE', '0'],
    ['PALIMPSEST_LOG_LEVEL', 'verbose'],
    ['PALIMPSEST_GRAPHIQL', 'yes'],
    ['PALIMPSEST_MAX_BODY_BYTES', '10'],
    ['PALIMPSEST_CORS_ORIGINS', 'https://app.example.com/path'],
    ['PALIMPSEST_CORS_ORIGINS', 'app.example.com'],
    ['PALIMPSEST_QUERY_LIMIT', '101'],
    ['PALIMPSEST_MESSAGES_STATUS', 'done'],
    ['PALIMPSEST_STARTER_WRITES', '-1'],
    ['PALIMPSEST_PRO_WRITES', 'many'],
    ['PALIMPSEST_GRACE_DAYS', 'soon'],
    ['ANTHROPIC_BASE_URL', 'ftp://host'],
    ['PALIMPSEST_MODEL_TIMEOUT_MS', '1'],
    ['PALIMPSEST_MODEL_CONCURRENCY', '0'],
    ['LLM_BASE_URL', 'localhost:11434'],
    ['LLM_BASE_URL', 'file:///etc/passwd'],
    ['EMBEDDING_BASE_URL', 'localhost:11434'],
    ['EMBEDDING_PROVIDER', 'cohere'],
    ['EMBEDDING_DIMENSIONS', '0'],
    ['EMBEDDING_DIMENSIONS', '16001'],
    ['PALIMPSEST_EMBEDDING_BATCH', '0'],
    ['PALIMPSEST_EMBEDDING_BATCH', '2049'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`\n {2}${name}: `));
  });

  it.each([
    ['LLM_MODEL', { LLM_BASE_URL: 'http://localhost:11434/v1' }],
    ['LLM_BASE_URL', { LLM_MODEL: 'llama' }],
    // Said along with what else is wrong.
    ['LLM_MODEL', { LLM_BASE_URL: 'http://localhost:11434/v1', PORT: 'x' }],
  ])('asks for %s with %j', (name, env) => {
    expect(() => readConfig(env)).toThrow(new RegExp(`\n {2}${name}: needed with LLM_`));
  });

  it.each([
    ['EMBEDDING_MODEL', { EMBEDDING_BASE_URL: 'http://localhost:11434/v1' }],
    ['EMBEDDING_MODEL', { EMBEDDING_PROVIDER: 'onnx' }],
    ['EMBEDDING_BASE_URL', { EMBEDDING_MODEL: 'm' }],
    ['EMBEDDING_BASE_URL', { EMBEDDING_MODEL: 'm', EMBEDDING_PROVIDER: 'voyage', PORT: 'x' }],
  ])('asks for %s with %j', (name, env) => {
    expect(() => readConfig(env)).toThrow(new RegExp(`\n {2}${name}: needed with EMBEDDING_`));
  });

  it('refuses settings of a server for a model in this process, rather than to leave them unused', () => {
    const onnx = { EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: 'm' };
    for (const env of [
      { EMBEDDING_BASE_URL: 'http://h/v1' },
      { EMBEDDING_API_KEY: 'k' },
      { EMBEDDING_DIMENSIONS: '512' },
    ]) {
      expect(() => readConfig({ ...onnx, ...env })).toThrow(/\n {2}EMBEDDING_PROVIDER: /);
    }
  });

  it.each([
    'http://localhost',
    'localhost:port',
    'a b',
    '*',
    '*.internal',
    'localhost/v1',
    'user@host',
    '[::1',
    '10.0.0.0/8',
  ])('refuses %s among the named hosts', (host) => {
    expect(() => readConfig({ PALIMPSEST_LLM_HOSTS: `localhost,${host}` })).toThrow(/PALIMPSEST_LLM_HOSTS/);
  });

  it('names all that is wrong at once, and no value', () => {
    const read = (): unknown =>
      readConfig({
        PORT: 'xyzzy',
        DATABASE_URL: 'mysql://u:xyzzy@h/d',
        PALIMPSEST_LOG_LEVEL: 'xyzzy',
        ANTHROPIC_BASE_URL: 'xyzzy',
      });
    expect(read).toThrow(/PORT[^]*DATABASE_URL[^]*PALIMPSEST_LOG_LEVEL[^]*ANTHROPIC_BASE_URL/);
    expect(read).not.toThrow(/xyzzy/);
  });

  it('can not be changed afterwards', () => {
    const config = readConfig({
      ANTHROPIC_API_KEY: 'sk-x',
      LLM_BASE_URL: 'http://h/v1',
      LLM_MODEL: 'm',
      EMBEDDING_BASE_URL: 'http://h/v1',
      EMBEDDING_MODEL: 'm',
    });
    const { database, writesLimits, anthropic, openai, embedding, byo } = config;
    for (const part of [config, database, writesLimits, anthropic, openai, embedding, byo, byo.hosts]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('.env.example', () => {
  const example = parseEnv(EXAMPLE);

  it('names every variable that the program knows, and no other', () => {
    expect(declared.length).toBeGreaterThan(15);
    expect(Object.keys(example).sort()).toEqual([...declared].sort());
  });

  it('names each variable once, in a file that every reader of such files takes', () => {
    const names = [...EXAMPLE.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(EXAMPLE.split('\n').every((line) => /^(#.*|[A-Z_]+=\S*|)$/.test(line))).toBe(true);
  });

  it('has the defaults', () => {
    expect(readConfig(example)).toEqual(readConfig({}));
  });
});
