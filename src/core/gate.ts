import { AppError } from '../errors.js';

/**
 * How much is done at once. Who comes when all places are taken is told so at once: to be refused late, after waiting for a
 * database that does not keep up, would help nobody, and what waits takes memory.
 */
export class Gate {
  #inside = 0;

  constructor(readonly places: number) {}

  /** Does `work` in a place of its own. @throws AppError OVERLOADED when there is none, before anything was done */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#inside >= this.places)
      throw new AppError('OVERLOADED', 'The server has as many requests under way as it takes. Try again shortly.');
    this.#inside++;
    try {
      return await work();
    } finally {
      this.#inside--;
    }
  }
}
