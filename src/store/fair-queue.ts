/**
 * Gives out `places`. Where they do not suffice, those that wait are let in by turns, one of each name: who asks for much at once
 * waits behind itself, and nobody else behind it.
 */
export class FairQueue {
  #free: number;
  /** In the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves in a place, which is to be left again. */
  enter(name: string): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const own = this.#waiting.get(name);
      if (own) own.push(resolve);
      else this.#waiting.set(name, [resolve]);
    });
  }

  /** Leaves a place, to the next that waits. */
  leave(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#free += 1;
      return;
    }
    const [name, [next, ...others]] = first;
    this.#waiting.delete(name);
    if (others.length > 0) this.#waiting.set(name, others); // behind all other names
    next?.();
  }
}
