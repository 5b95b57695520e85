import type { Config } from '../config.js';
import type { Embedder } from '../models/embedder.js';
import type { Llm, LlmChoice } from '../models/llm.js';
import type { Db } from '../store/client.js';
import type { Wakeups } from '../store/wakeups.js';
import type { TermCounts } from './term-counts.js';
import type { Turns } from './turns.js';

/** What verbs work with; made once in app.ts. */
export interface Deps {
  db: Db;
  wakeups: Wakeups;
  llm: Llm;
  /** A model that a caller of `accountId` brings along, for one request. @throws AppError INVALID_INPUT naming its field at fault */
  bringLlm: (choice: LlmChoice, accountId: string) => Promise<Llm>;
  embedder: Embedder;
  /** How often words occur in large tenants. */
  termCounts: TermCounts;
  /** Writers that must judge one another's facts, one after the other. */
  turns: Turns;
  now: () => Date;
  config: Config;
}

/** Who calls, as proven by the API key. */
export interface Caller {
  accountId: string;
  apiKeyId: string;
}

/** An input as it comes through a door: its names are right, its values are still to be checked. */
export type Unchecked<Input> = { [Key in keyof Input]?: unknown };

/** What a door wants selected with the rows: a projection only. Which rows may be read is decided here, never by it. */
export type Projection = object;
