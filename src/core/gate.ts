import { AppError } from '../errors.js';

/** The last places, and what a key may hold to be let into them: the fourth part of all. */
const PART = 4;

/**
 * How much is done at once. Who comes when all places are taken is told so at once: to be refused late, after waiting for a
 * database that does not keep up, would help nobody, and what waits takes memory. One key can not take all of them: the last
 * quarter is for those that hold less than a quarter.
 */
export class Gate {
  #inside = 0;
  readonly #held = new Map<string, number>();

  constructor(readonly places: number) {}

  /** Does `work` in a place of its own. @throws AppError OVERLOADED when there is none for `key`, before anything was done */
  async pass<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const held = this.#held.get(key) ?? 0;
    const reserve = Math.floor(this.places / PART);
    if (this.#inside >= this.places || (held >= reserve && this.#inside >= this.places - reserve))
      throw new AppError('OVERLOADED', 'The server has as many requests under way as it takes. Try again shortly.');
    this.#inside++;
    this.#held.set(key, held + 1);
    try {
      return await work();
    } finally {
      this.#inside--;
      this.#leave(key);
    }
  }

  #leave(key: string): void {
    const held = this.#held.get(key) ?? 0;
    if (held > 1) this.#held.set(key, held - 1);
    else this.#held.delete(key);
  }
}
