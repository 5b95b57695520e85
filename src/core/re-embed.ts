import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../errors.js';
import { claimReEmbedding, readOutdated, type Claim } from '../store/re-embed.js';
import { isNewestModel } from '../store/vector-index.js';
import type { Deps } from './deps.js';
import { embedAgain, type Batch } from './embed-again.js';

/** Where an operator reads how it goes. */
export interface Journal {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface ReEmbedding {
  /** Ends it without waiting for the model; what is not done yet is done after the next start. */
  stop(): Promise<void>;
}

interface Job extends Batch, Pick<Deps, 'config'> {
  journal: Journal;
}

/** Memories whose vectors are asked for together; the embedder makes of them as many calls as it likes. */
const BATCH = 128;
/** What happens next, and after how long: another server is at it, everything is of this model for now. */
const NEXT_LOOK_MS = { elsewhere: 5_000, done: 60_000 } as const;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
/** All rows of a round were held by writers. */
const HELD_MS = 250;

/**
 * Gives memories that were embedded with another model the vectors of this one, in the background: those that are current
 * first, newest first, then history. Whatever still has another model is what is left to do, so that it goes on where it
 * ended. Of servers that share a database one at a time does it, and of models the one that a server was last started with
 * is aimed at: servers of two models, as during a roll-out, would undo each other's work for ever.
 */
export function startReEmbedding(deps: Pick<Deps, 'db' | 'embedder' | 'config'>, journal: Journal): ReEmbedding {
  const stopping = new AbortController();
  const { db, embedder, config } = deps;
  const ended = run({ db, embedder, config, journal, signal: stopping.signal, setAside: new Set() });
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function run(job: Job): Promise<void> {
  const { signal, journal } = job;
  const isStopped = (): boolean => signal.aborted;
  let failures = 0;
  while (!isStopped()) {
    let waitMs: number;
    try {
      const outcome = await changeAll(job);
      if (outcome === 'over') return;
      waitMs = NEXT_LOOK_MS[outcome];
      failures = 0;
    } catch (error) {
      if (isStopped()) return;
      waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
      failures += 1;
      const why = error instanceof AppError ? { code: error.code, cause: error.cause } : { err: error };
      journal.warn({ ...why, waitMs }, 'embedding memories again is interrupted');
    }
    await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function changeAll(job: Job): Promise<'over' | 'done' | 'elsewhere'> {
  const { db, embedder, config, setAside } = job;
  if (!(await isNewestModel(db, embedder.id))) return 'over';
  const left = await readOutdated(db, embedder.id, 1, [...setAside]);
  // Nobody but this server writes to an embedded database, and it writes with this model.
  if (left.length === 0) return config.database.kind === 'embedded' ? 'over' : 'done';
  const claim = await claimReEmbedding(config.database);
  if (!claim) return 'elsewhere';
  try {
    await changeUnder(job, claim);
  } finally {
    await claim.release();
  }
  return 'elsewhere'; // looked at once more soon: rows that were written meanwhile, or a claim that was lost
}

async function changeUnder(job: Job, claim: Claim): Promise<void> {
  const { db, embedder, signal, setAside, journal } = job;
  const model = embedder.id;
  const startedAt = performance.now();
  let changed = 0;
  journal.info({ model }, 'embedding memories again');
  while (!signal.aborted && (await claim.isHeld()) && (await isNewestModel(db, model))) {
    const memories = await readOutdated(db, model, BATCH, [...setAside]);
    if (memories.length === 0) break;
    const count = await embedAgain(job, memories);
    changed += count;
    if (count === 0) await pause(HELD_MS, undefined, { signal });
  }
  const ms = Math.round(performance.now() - startedAt);
  journal.info({ model, changed, refused: setAside.size, ms }, 'memories are embedded again');
}
