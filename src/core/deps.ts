import type { Config } from '../config.js';
import type { Embedder } from '../models/embedder.js';
import type { Llm, LlmChoice } from '../models/llm.js';
import type { Reranker } from '../models/reranker.js';
import type { Db } from '../store/client.js';
import type { EventTails } from '../store/event-tails.js';
import type { Wakeups } from '../store/wakeups.js';
import type { Gate } from './gate.js';
import type { PendingIndexing } from './index-pending.js';
import type { KnownKeys } from './known-keys.js';
import type { KeyUses } from './key-uses.js';
import type { Journal } from './re-embed.js';
import type { ApiKeyParts } from './rules/api-key.js';
import type { Block } from './rules/quota.js';
import type { Scope } from './rules/scopes.js';
import type { ScopeSizes } from './scope-sizes.js';
import type { Sessions } from './sessions.js';
import type { SharedQuestions } from './shared-question.js';
import type { States } from './states.js';
import type { ResidentTenants } from './resident-tenants.js';
import type { RateLimits } from './rate-limits.js';
import type { TermCounts } from './term-counts.js';
import type { Turns } from './turns.js';

/** What verbs work with; made once in app.ts. */
export interface Deps {
  db: Db;
  wakeups: Wakeups;
  /** What followers of events read: once per account, whatever their number. */
  tails: EventTails;
  /** What followers of anything else read: once for all of them. */
  states: States;
  /** What is found and answered for followers of answers: once for all who ask the same. */
  questions: SharedQuestions;
  /** What was found of API keys a moment ago. */
  keys: KnownKeys;
  /** When keys were used. */
  keyUses: KeyUses;
  /** Sockets and feeds that callers have open. */
  sessions: Sessions;
  /** For bulk work, before each of its steps: lets others go first where they share one session. */
  giveWay: () => Promise<void>;
  /** How long a batch of bulk work may take in the database. */
  batchMs: number;
  /** For bulk work, from time to time: has the database look at what changed, by which it plans. */
  lookAtTables: () => Promise<unknown>;
  llm: Llm;
  /** A model that a caller of `accountId` brings along, for one request. @throws AppError INVALID_INPUT naming its field at fault */
  bringLlm: (choice: LlmChoice, accountId: string) => Promise<Llm>;
  embedder: Embedder;
  /** Null: hits stay in the order in which they were found. */
  reranker: Reranker | null;
  /** Where an operator reads that something went wrong which no caller notices. */
  warn: (details: object, message: string) => void;
  /** Where it is written down who made, changed and ended keys. */
  journal: Pick<Journal, 'info'>;
  /** How often words occur in large tenants. */
  termCounts: TermCounts;
  /** Puts memories of large tenants into the vector index. */
  indexing: Pick<PendingIndexing, 'look'>;
  /** Large tenants that are searched, in memory. */
  residents: Pick<ResidentTenants, 'look' | 'view'>;
  /** Which scopes are too large to be compared whole. */
  scopeSizes: ScopeSizes;
  /** Writers that must judge one another's facts, one after the other. */
  turns: Turns;
  /** What a webhook may be: known to the layers above and beside the core. */
  webhookTerms: WebhookTerms;
  /** Bounds what is under way at once, whoever asks and through whatever door. */
  gate: Gate;
  /** What each key has asked for in its minute. */
  rates: RateLimits;
  now: () => Date;
  /** Between two signs of life on what stays open. */
  heartbeatMs: number;
  config: Config;
}

export interface WebhookTerms {
  /** The URL in its plain form. @throws AppError INVALID_INPUT for one that no call may go to */
  acceptUrl: (url: string) => Promise<string>;
  /** The document as it is. @throws AppError INVALID_INPUT for one that is no subscription to events */
  acceptDocument: (document: string) => string;
}

/** Who calls, as proven by the API key. */
export interface Caller {
  accountId: string;
  apiKeyId: string;
  /** What the key may do. */
  scopes: ReadonlySet<Scope>;
  /** The one tenant that the key knows of, as it is stored: '' is the default one. Undefined: any. */
  boundTenant?: string | undefined;
  /** The key that was shown, by its hash: after a rotation there are two. Undefined for what acts for a key without being shown it. */
  shown?: ApiKeyParts;
  /** The account's plan, which decides the pace of its keys. */
  planTier?: string;
  /** What the key has set for what it is shown, when it was last looked at: within a second of now. */
  freshnessHalfLifeDays?: number;
  /** Why the account may not even read; null or undefined: it may. */
  block?: Block | null;
}

/** An input as it comes through a door: its names are right, its values are still to be checked. */
export type Unchecked<Input> = { [Key in keyof Input]?: unknown };

/** What a door wants selected with the rows: a projection only. Which rows may be read is decided here, never by it. */
export type Projection = object;
