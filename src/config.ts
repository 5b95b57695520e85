import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false']).transform((word) => word === 'true');
/** `host` or `host:port`, an IPv6 address in brackets. */
const HOST_AND_PORT = /^([a-z\d_](?:[a-z\d_.-]*[a-z\d_])?|\[[\da-f:.]+\])(:\d{1,5})?$/;
const hosts = z
  .string()
  .transform((list) =>
    list
      .toLowerCase()
      .split(',')
      .map((host) => host.trim())
      .filter((host) => host !== ''),
  )
  .pipe(z.array(z.string().regex(HOST_AND_PORT, 'not a list of host or host:port')));

/** An origin as a browser sends it: scheme, host and port alone. */
const isOrigin = (text: string): boolean => text === '*' || (URL.canParse(text) && new URL(text).origin === text);
const origins = z
  .string()
  .transform((list) =>
    list
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine((list) => list.every(isOrigin), 'not a list of origins such as https://app.example.com, or *');

const variables = z.object({
  NODE_ENV: z.string().default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.default(4000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  PALIMPSEST_DATA_DIR: z.string().min(1).default('./data'),
  PALIMPSEST_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  PALIMPSEST_LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  PALIMPSEST_GRAPHIQL: flag.optional(),
  PALIMPSEST_MAX_REQUESTS: z.coerce.number().int().min(1).max(100_000).default(256),
  PALIMPSEST_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  PALIMPSEST_DRAIN_MS: z.coerce.number().int().min(0).max(600_000).default(0),
  PALIMPSEST_MAX_BODY_BYTES: z.coerce.number().int().min(1_024).default(1_048_576),
  PALIMPSEST_MAX_CONVERSATION_CHARACTERS: z.coerce.number().int().min(1_000).default(200_000),
  PALIMPSEST_MAX_JUDGED_FACTS: z.coerce.number().int().min(1).default(1_000),
  PALIMPSEST_MAX_HELD_BODY_BYTES: z.coerce.number().int().min(1_024).default(67_108_864),
  PALIMPSEST_SEARCH_MEMORY_MB: z.coerce.number().int().min(0).max(3_072).default(256),
  PALIMPSEST_REQUEST_TIMEOUT_MS: z.coerce.number().int().min(0).max(3_600_000).default(30_000),
  PALIMPSEST_HEADERS_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(20_000),
  PALIMPSEST_BODY_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(60_000),
  PALIMPSEST_GRAPHQL_MAX_COST: z.coerce.number().int().min(100).default(50_000),
  PALIMPSEST_GRAPHQL_INTROSPECTION: flag.optional(),
  PALIMPSEST_GRAPHQL_OVER_HTTP: z.enum(['stable', 'draft']).default('stable'),
  PALIMPSEST_PERSISTED_OPERATIONS: z.string().min(1).optional(),
  PALIMPSEST_MAX_IMPORT_BYTES: z.coerce.number().int().min(1_024).default(1_073_741_824),
  PALIMPSEST_CORS_ORIGINS: origins.default([]),
  PALIMPSEST_QUERY_LIMIT: z.coerce.number().int().min(1).max(100).default(10),
  PALIMPSEST_STANDING_ANSWERS_PER_MINUTE: z.coerce.number().int().min(1).max(600).default(6),
  PALIMPSEST_MESSAGES_STATUS: z.enum(['saved', 'extracted']).default('saved'),
  PALIMPSEST_DELETE_WITHOUT_TENANT: z.enum(['default', 'account']).default('default'),
  PALIMPSEST_STARTER_WRITES: z.coerce.number().int().min(0).default(50_000),
  PALIMPSEST_PRO_WRITES: z.coerce.number().int().min(0).default(1_000_000),
  PALIMPSEST_GRACE_DAYS: z.coerce.number().min(0).max(31).optional(),
  PALIMPSEST_MAX_SUBSCRIPTIONS: z.coerce.number().int().min(1).default(1_000),
  PALIMPSEST_EVENT_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
  PALIMPSEST_STARTER_RATE: z.coerce.number().int().min(0).default(1_200),
  PALIMPSEST_PRO_RATE: z.coerce.number().int().min(0).default(12_000),
  ANTHROPIC_API_KEY: z.string().min(1).optional(),
  ANTHROPIC_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  PALIMPSEST_ANSWER_MODEL: z.string().min(1).default('claude-opus-4-7'),
  PALIMPSEST_EXTRACTION_MODEL: z.string().min(1).default('claude-opus-4-7'),
  LLM_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  LLM_MODEL: z.string().min(1).optional(),
  LLM_API_KEY: z.string().min(1).optional(),
  LLM_CLASSIFIER_MODEL: z.string().min(1).optional(),
  EMBEDDING_PROVIDER: z.enum(['openai', 'voyage', 'onnx']).optional(),
  EMBEDDING_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  EMBEDDING_MODEL: z.string().min(1).optional(),
  EMBEDDING_API_KEY: z.string().min(1).optional(),
  EMBEDDING_DIMENSIONS: z.coerce.number().int().min(1).max(16_000).optional(),
  PALIMPSEST_EMBEDDING_BATCH: z.coerce.number().int().min(1).max(2_048).default(64),
  RERANKER_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  RERANKER_MODEL: z.string().min(1).optional(),
  RERANKER_API_KEY: z.string().min(1).optional(),
  PALIMPSEST_RECENCY_WEIGHT: z.coerce.number().min(0).max(10).default(0),
  PALIMPSEST_IMPORTANCE_WEIGHT: z.coerce.number().min(0).max(10).default(0),
  PALIMPSEST_MODEL_TIMEOUT_MS: z.coerce.number().int().min(100).default(180_000),
  PALIMPSEST_MODEL_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(8),
  PALIMPSEST_LLM_HOSTS: hosts.default([]),
  PALIMPSEST_WEBHOOK_HOSTS: hosts.default([]),
  PALIMPSEST_WEBHOOK_RETRIES: z.coerce.number().int().min(0).max(30).default(15),
  PALIMPSEST_WEBHOOK_RETRY_SECONDS: z.coerce.number().int().min(1).max(3_600).default(5),
});

const VOYAGE_HOST = 'api.voyageai.com';
const isOnnx = (e: { EMBEDDING_PROVIDER?: string | undefined }): boolean => e.EMBEDDING_PROVIDER === 'onnx';

// `when`: said along with whatever else is wrong, not only once the rest is right.
const environment = variables
  .refine((e) => e.LLM_BASE_URL === undefined || e.LLM_MODEL !== undefined, {
    path: ['LLM_MODEL'],
    message: 'needed with LLM_BASE_URL',
    when: () => true,
  })
  .refine((e) => e.LLM_MODEL === undefined || e.LLM_BASE_URL !== undefined, {
    path: ['LLM_BASE_URL'],
    message: 'needed with LLM_MODEL',
    when: () => true,
  })
  .refine((e) => (e.EMBEDDING_BASE_URL ?? e.EMBEDDING_PROVIDER) === undefined || e.EMBEDDING_MODEL !== undefined, {
    path: ['EMBEDDING_MODEL'],
    message: 'needed with EMBEDDING_BASE_URL and EMBEDDING_PROVIDER',
    when: () => true,
  })
  .refine((e) => isOnnx(e) || e.EMBEDDING_MODEL === undefined || e.EMBEDDING_BASE_URL !== undefined, {
    path: ['EMBEDDING_BASE_URL'],
    message: 'needed with EMBEDDING_MODEL, unless EMBEDDING_PROVIDER is onnx',
    when: () => true,
  })
  .refine((e) => !isOnnx(e) || (e.EMBEDDING_BASE_URL ?? e.EMBEDDING_API_KEY ?? e.EMBEDDING_DIMENSIONS) === undefined, {
    path: ['EMBEDDING_PROVIDER'],
    message: 'onnx is a model in this process: it has no base URL, no key, and dimensions of its own',
    when: () => true,
  });
const RERANK_MS = 5_000;

type Environment = z.infer<typeof environment>;

/** Where memories are kept: a folder of ours, or somebody's PostgreSQL. */
export type DatabaseConfig =
  { kind: 'embedded'; dataDir: string } | { kind: 'postgres'; url: string; poolSize: number };

interface ModelLimits {
  /** For one try of one call. */
  timeoutMs: number;
  /** Calls to the server's model under way at once, whatever the number of requests. */
  concurrency: number;
}

export interface AnthropicConfig extends ModelLimits {
  apiKey: string;
  baseUrl: string | undefined;
  answerModel: string;
  extractionModel: string;
}

/** A server that speaks OpenAI's chat completions: Ollama, LM Studio, vLLM, or a provider of such an API. */
export interface OpenAiConfig extends ModelLimits {
  baseUrl: string;
  apiKey: string | undefined;
  /** Extracts and answers. */
  model: string;
  classifierModel: string;
}

/** A server that speaks OpenAI's embeddings, or Voyage's dialect of them. */
export interface RemoteEmbeddingConfig extends ModelLimits {
  provider: 'openai' | 'voyage';
  baseUrl: string;
  apiKey: string | undefined;
  model: string;
  /** Undefined: the model's own, which it is asked for. */
  dimensions: number | undefined;
  /** Texts that one call carries at most. */
  batchSize: number;
}

/** A model that runs in this process: a folder, or an id from which it is fetched. */
export interface OnnxEmbeddingConfig {
  provider: 'onnx';
  model: string;
  batchSize: number;
}

/** A server of `POST /rerank`. */
export interface RerankerConfig {
  baseUrl: string;
  /** Undefined: the server has one model, as Hugging Face's TEI. */
  model: string | undefined;
  apiKey: string | undefined;
  /** A search waits for it, and does without it then. */
  timeoutMs: number;
}

/** Which hosts a caller's own model may be called on, besides those of the open internet over https. */
export interface ByoConfig {
  /** `host` (all of its ports) or `host:port`, in lower case. */
  hosts: readonly string[];
  timeoutMs: number;
}

export type Config = ReturnType<typeof readConfig>;

/** Reads every setting at once; an unusable one stops the start with a line each, naming the variable and never its value. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  // An empty variable is what `NAME= command` and most compose files mean by "not set".
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The environment can not be used:\n${lines.join('\n')}`);
  }
  const e = parsed.data;
  const database: DatabaseConfig = e.DATABASE_URL
    ? { kind: 'postgres', url: e.DATABASE_URL, poolSize: e.PALIMPSEST_POOL_SIZE }
    : { kind: 'embedded', dataDir: e.PALIMPSEST_DATA_DIR };
  const models = readModels(e);
  return Object.freeze({
    host: e.HOST,
    port: e.PORT,
    isProduction: e.NODE_ENV === 'production',
    hasGraphiql: e.PALIMPSEST_GRAPHIQL ?? e.NODE_ENV !== 'production',
    logLevel: e.PALIMPSEST_LOG_LEVEL,
    /** Requests and operations of sockets under way at once; one beyond is refused. */
    maxRequests: e.PALIMPSEST_MAX_REQUESTS,
    maxConnections: e.PALIMPSEST_MAX_CONNECTIONS,
    /** How long a server that is to stop goes on serving, so that a balancer can turn away from it first. */
    drainMs: e.PALIMPSEST_DRAIN_MS,
    maxBodyBytes: e.PALIMPSEST_MAX_BODY_BYTES,
    maxConversationCharacters: e.PALIMPSEST_MAX_CONVERSATION_CHARACTERS,
    maxJudgedFacts: e.PALIMPSEST_MAX_JUDGED_FACTS,
    /** For the vectors of large tenants, and as much again for words and the rest; 0 for none. */
    searchMemoryBytes: e.PALIMPSEST_SEARCH_MEMORY_MB * 2 ** 20,
    maxHeldBodyBytes: Math.max(e.PALIMPSEST_MAX_BODY_BYTES, e.PALIMPSEST_MAX_HELD_BODY_BYTES),
    /** For one query, mutation or REST call, without what models take; 0: any time. */
    requestTimeoutMs: e.PALIMPSEST_REQUEST_TIMEOUT_MS,
    /** How long a request may take to arrive: up to the end of its headers, and its body. */
    headersTimeoutMs: e.PALIMPSEST_HEADERS_TIMEOUT_MS,
    bodyTimeoutMs: e.PALIMPSEST_BODY_TIMEOUT_MS,
    maxCost: e.PALIMPSEST_GRAPHQL_MAX_COST,
    /** Whether every key may ask for the schema, and is helped with its names. */
    hasIntrospection: e.PALIMPSEST_GRAPHQL_INTROSPECTION ?? e.NODE_ENV !== 'production',
    graphqlOverHttp: e.PALIMPSEST_GRAPHQL_OVER_HTTP,
    /** A file or folder of the only documents that run; undefined: any document runs. */
    persistedOperations: e.PALIMPSEST_PERSISTED_OPERATIONS,
    maxImportBytes: e.PALIMPSEST_MAX_IMPORT_BYTES,
    corsOrigins: Object.freeze(e.PALIMPSEST_CORS_ORIGINS),
    queryLimit: e.PALIMPSEST_QUERY_LIMIT,
    standingAnswersPerMinute: e.PALIMPSEST_STANDING_ANSWERS_PER_MINUTE,
    messagesStatus: e.PALIMPSEST_MESSAGES_STATUS,
    deleteWithoutTenant: e.PALIMPSEST_DELETE_WITHOUT_TENANT,
    writesLimits: Object.freeze({ starter: e.PALIMPSEST_STARTER_WRITES, pro: e.PALIMPSEST_PRO_WRITES }),
    graceDays: e.PALIMPSEST_GRACE_DAYS,
    webhooks: Object.freeze(readWebhooks(e)),
    searchWeights: Object.freeze({ recency: e.PALIMPSEST_RECENCY_WEIGHT, importance: e.PALIMPSEST_IMPORTANCE_WEIGHT }),
    maxSubscriptions: e.PALIMPSEST_MAX_SUBSCRIPTIONS,
    /** How old an event may be for a feed to begin at it; undefined: of any age. */
    eventRetentionDays: e.PALIMPSEST_EVENT_RETENTION_DAYS,
    requestRates: Object.freeze({ starter: e.PALIMPSEST_STARTER_RATE, pro: e.PALIMPSEST_PRO_RATE }),
    database: Object.freeze(database),
    ...models,
  });
}

/** Where webhooks may go besides the open internet over https, and how a failed delivery is repeated. */
const readWebhooks = (e: Environment) => ({
  hosts: Object.freeze(e.PALIMPSEST_WEBHOOK_HOSTS),
  retries: { limit: e.PALIMPSEST_WEBHOOK_RETRIES, delaySeconds: e.PALIMPSEST_WEBHOOK_RETRY_SECONDS },
});

/** How the command line speaks to a running server: by the same variables as the server and the SDKs. */
export function readConnection(env: Readonly<Record<string, string | undefined>>) {
  const { host, port } = readConfig(env);
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return {
    url: `http://${name.includes(':') ? `[${name}]` : name}:${port}`,
    apiKey: env['AURRA_API_KEY'] || undefined,
  };
}

/** The server's own model, at most one of each kind, and the terms for those that callers bring. */
function readModels(e: Environment) {
  const limits = { timeoutMs: e.PALIMPSEST_MODEL_TIMEOUT_MS, concurrency: e.PALIMPSEST_MODEL_CONCURRENCY };
  const anthropic: AnthropicConfig | null = e.ANTHROPIC_API_KEY
    ? {
        apiKey: e.ANTHROPIC_API_KEY,
        baseUrl: e.ANTHROPIC_BASE_URL,
        answerModel: e.PALIMPSEST_ANSWER_MODEL,
        extractionModel: e.PALIMPSEST_EXTRACTION_MODEL,
        ...limits,
      }
    : null;
  const openai: OpenAiConfig | null =
    e.LLM_BASE_URL && e.LLM_MODEL
      ? {
          baseUrl: e.LLM_BASE_URL,
          apiKey: e.LLM_API_KEY,
          model: e.LLM_MODEL,
          classifierModel: e.LLM_CLASSIFIER_MODEL ?? e.LLM_MODEL,
          ...limits,
        }
      : null;
  const embedding = readEmbedding(e, limits);
  const reranker: RerankerConfig | null = e.RERANKER_BASE_URL
    ? {
        baseUrl: e.RERANKER_BASE_URL,
        model: e.RERANKER_MODEL,
        apiKey: e.RERANKER_API_KEY,
        timeoutMs: Math.min(RERANK_MS, limits.timeoutMs),
      }
    : null;
  const byo: ByoConfig = { hosts: Object.freeze(e.PALIMPSEST_LLM_HOSTS), timeoutMs: limits.timeoutMs };
  return {
    anthropic: anthropic && Object.freeze(anthropic),
    openai: openai && Object.freeze(openai),
    embedding: embedding && Object.freeze(embedding),
    reranker: reranker && Object.freeze(reranker),
    byo: Object.freeze(byo),
  };
}

/** Null: the offline embedder. */
function readEmbedding(e: Environment, limits: ModelLimits): RemoteEmbeddingConfig | OnnxEmbeddingConfig | null {
  const { EMBEDDING_MODEL: model, EMBEDDING_BASE_URL: baseUrl, EMBEDDING_PROVIDER: provider } = e;
  const batchSize = e.PALIMPSEST_EMBEDDING_BATCH;
  if (!model) return null;
  if (provider === 'onnx') return { provider, model, batchSize };
  if (!baseUrl) return null;
  return {
    provider: provider ?? (new URL(baseUrl).hostname === VOYAGE_HOST ? 'voyage' : 'openai'),
    baseUrl,
    apiKey: e.EMBEDDING_API_KEY,
    model,
    dimensions: e.EMBEDDING_DIMENSIONS,
    batchSize,
    ...limits,
  };
}
