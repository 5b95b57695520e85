import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false']).transform((word) => word === 'true');

const environment = z.object({
  NODE_ENV: z.string().default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.default(4000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  PALIMPSEST_DATA_DIR: z.string().min(1).default('./data'),
  PALIMPSEST_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  PALIMPSEST_LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  PALIMPSEST_GRAPHIQL: flag.optional(),
  PALIMPSEST_MAX_BODY_BYTES: z.coerce.number().int().min(1_024).default(1_048_576),
  PALIMPSEST_QUERY_LIMIT: z.coerce.number().int().min(1).max(100).default(10),
  PALIMPSEST_MESSAGES_STATUS: z.enum(['saved', 'extracted']).default('saved'),
  PALIMPSEST_DELETE_WITHOUT_TENANT: z.enum(['default', 'account']).default('default'),
  PALIMPSEST_STARTER_WRITES: z.coerce.number().int().min(0).default(50_000),
  PALIMPSEST_PRO_WRITES: z.coerce.number().int().min(0).default(1_000_000),
  ANTHROPIC_API_KEY: z.string().min(1).optional(),
  ANTHROPIC_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  PALIMPSEST_ANSWER_MODEL: z.string().min(1).default('claude-opus-4-7'),
  PALIMPSEST_EXTRACTION_MODEL: z.string().min(1).default('claude-opus-4-7'),
  PALIMPSEST_MODEL_TIMEOUT_MS: z.coerce.number().int().min(100).default(180_000),
});

/** Where memories are kept: a folder of ours, or somebody's PostgreSQL. */
export type DatabaseConfig =
  { kind: 'embedded'; dataDir: string } | { kind: 'postgres'; url: string; poolSize: number };

export interface AnthropicConfig {
  apiKey: string;
  baseUrl: string | undefined;
  answerModel: string;
  extractionModel: string;
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
  const anthropic: AnthropicConfig | null = e.ANTHROPIC_API_KEY
    ? {
        apiKey: e.ANTHROPIC_API_KEY,
        baseUrl: e.ANTHROPIC_BASE_URL,
        answerModel: e.PALIMPSEST_ANSWER_MODEL,
        extractionModel: e.PALIMPSEST_EXTRACTION_MODEL,
        timeoutMs: e.PALIMPSEST_MODEL_TIMEOUT_MS,
      }
    : null;
  return Object.freeze({
    host: e.HOST,
    port: e.PORT,
    isProduction: e.NODE_ENV === 'production',
    hasGraphiql: e.PALIMPSEST_GRAPHIQL ?? e.NODE_ENV !== 'production',
    logLevel: e.PALIMPSEST_LOG_LEVEL,
    maxBodyBytes: e.PALIMPSEST_MAX_BODY_BYTES,
    queryLimit: e.PALIMPSEST_QUERY_LIMIT,
    messagesStatus: e.PALIMPSEST_MESSAGES_STATUS,
    deleteWithoutTenant: e.PALIMPSEST_DELETE_WITHOUT_TENANT,
    writesLimits: Object.freeze({ starter: e.PALIMPSEST_STARTER_WRITES, pro: e.PALIMPSEST_PRO_WRITES }),
    database: Object.freeze(database),
    anthropic: anthropic && Object.freeze(anthropic),
  });
}
