/** Mulberry32: small, seeded, good enough to choose by. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below = (most: number): number => Math.floor(this.next() * most);

  /** True in so many cases of one. */
  isIn = (share: number): boolean => this.next() < share;

  oneOf = <Item>(items: readonly Item[]): Item | undefined => items[this.below(items.length)];
}
