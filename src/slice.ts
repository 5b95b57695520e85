import { setImmediate } from 'node:timers/promises';

/** How long work goes on before others get their turn: it must not hold up the server. */
const SLICE_MS = 4;

/** The thread's time, for work that may take long: it asks after each of its steps whether to let others go first. */
export class Slice {
  #since = performance.now();

  /** Something to wait for before going on, once this has lasted; undefined until then. */
  rest(): Promise<void> | undefined {
    return performance.now() - this.#since < SLICE_MS ? undefined : this.#letOthers();
  }

  async #letOthers(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
