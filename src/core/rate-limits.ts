import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from '../errors.js';
import { addToRateWindows, type RateCount } from '../store/rate-windows.js';
import type { Caller, Deps } from './deps.js';
import type { RateState } from './rules/rate-fields.js';

/** Requests that a key may make in a minute, by plan; 0: any number. */
export type RequestRates = Readonly<Record<string, number>>;

const WINDOW_SECONDS = 60;
/** How often a server tells the others what it counted, and hears of theirs. */
const SYNC_MS = 1_000;

/**
 * Counts the requests of each key in windows of a minute. A request costs no statement: it is counted in memory, and where
 * several servers share a database they add up their counts once a second. A key that is used on n servers at once may
 * so get past its limit by what they take within that second.
 */
export class RateLimits {
  readonly #windows: RateLimiterMemory;
  /** What the database was not told yet. */
  #untold = new Map<string, RateCount>();

  constructor(
    readonly rates: RequestRates,
    readonly windowSeconds = WINDOW_SECONDS,
  ) {
    this.#windows = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: windowSeconds });
  }

  /** Counts one request; null for a plan without a limit. */
  async count({ accountId, apiKeyId, planTier = '' }: Caller): Promise<RateState | null> {
    const limit = this.rates[planTier] ?? 0;
    if (limit === 0) return null;
    const { consumedPoints, msBeforeNext, isFirstInDuration } = await this.#windows.penalty(apiKeyId);
    const untold = this.#untold.get(apiKeyId);
    // What was counted in the window before is nobody's concern any more.
    if (untold && !isFirstInDuration) untold.requests += 1;
    else this.#untold.set(apiKeyId, { accountId, apiKeyId, requests: 1 });
    return {
      policy: planTier,
      limit,
      windowSeconds: this.windowSeconds,
      remaining: Math.max(0, limit - consumedPoints),
      // Never more than a window, as it would seem where the clock has jumped back: the window itself ends by a timer.
      resetSeconds: Math.min(this.windowSeconds, Math.max(1, Math.ceil(msBeforeNext / 1000))),
      isExceeded: consumedPoints > limit,
    };
  }

  /** Exchanges counts with the other servers on this database. */
  async exchange(db: Deps['db']): Promise<void> {
    const counts = [...this.#untold.values()];
    if (counts.length === 0) return;
    this.#untold = new Map();
    for (const { apiKeyId, requests, remainingMs } of await addToRateWindows(db, counts, this.windowSeconds)) {
      const since = this.#untold.get(apiKeyId)?.requests ?? 0; // counted while the database was asked
      await this.#windows.set(apiKeyId, requests + since, Math.max(remainingMs, 1) / 1000);
    }
  }

  /** Forgets what nobody else is to hear of: with one server there is nobody to tell. */
  forgetUntold(): void {
    this.#untold.clear();
  }
}

/** @throws AppError RATE_LIMITED */
export function assertWithinRate(rate: RateState | null): void {
  if (!rate?.isExceeded) return;
  const { limit, windowSeconds, resetSeconds } = rate;
  throw new AppError(
    'RATE_LIMITED',
    `Too many requests: ${limit} in ${windowSeconds} seconds are allowed on this plan. Try again in ${resetSeconds} seconds.`,
  );
}

/** Keeps the counts of servers on one database together until it is stopped. */
export function shareRateLimits(
  { db, rates, config }: Pick<Deps, 'db' | 'rates' | 'config'>,
  onError: (error: unknown) => void,
): { stop: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const once = async (): Promise<void> => {
    // The embedded database has one server: its memory is the whole truth.
    if (config.database.kind === 'embedded') rates.forgetUntold();
    else await rates.exchange(db).catch(onError); // limits go on by what this server counts itself
  };
  const timer = setInterval(() => void (running = running.then(once)), SYNC_MS).unref();
  return {
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
