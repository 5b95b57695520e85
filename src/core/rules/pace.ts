const MINUTE_MS = 60_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/** When a model may be asked again on behalf of one subscription. Instants are in milliseconds. */
export class Pace {
  /** When it was asked, within the last minute. */
  #asked: number[] = [];
  #failures = 0;
  #pauseUntil = 0;

  constructor(readonly perMinute: number) {}

  /** How long to wait before it may be asked; 0: not at all. */
  waitMs(now: number): number {
    // A clock that jumps back must not hold an answer until it has caught up.
    this.#asked = this.#asked.filter((at) => at > now - MINUTE_MS && at <= now);
    const [oldest = now] = this.#asked.slice(-this.perMinute);
    const turn = this.#asked.length < this.perMinute ? 0 : oldest + MINUTE_MS - now;
    return Math.max(turn, Math.min(this.#pauseUntil - now, LONGEST_PAUSE_MS), 0);
  }

  ask(now: number): void {
    this.#asked.push(now);
  }

  /** After a failure that passes, the pause doubles each time. */
  fail(now: number): void {
    this.#pauseUntil = now + Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
  }

  succeed(): void {
    this.#failures = 0;
    this.#pauseUntil = 0;
  }

  /** Something happened that may make a failed call succeed: no pause then, but still no more than so many a minute. */
  hurry(): void {
    this.#pauseUntil = 0;
  }
}
