/** How long what was made is given to others: long enough for an event to reach its whole audience, too short to grow old. */
const FRESH_MS = 5_000;

export interface Bounds<Made> {
  kept: number;
  /** What all that is kept may weigh together, and how to weigh it; left out: no more than `kept` says. */
  weight?: number;
  weigh?: (made: Made) => number;
}

/** What is made of events, once for all who ask for the same within a moment. Time, number and weight bound the memory. */
export class Recent<Made> {
  readonly #made = new Map<string, Promise<Made>>();
  readonly #weights = new Map<string, number>();
  #weight = 0;

  constructor(private readonly bounds: Bounds<Made>) {}

  /** What others were given for `id` just now, or what `make` makes of it now. What fails is forgotten at once. */
  once(id: string, make: () => Promise<Made>): Promise<Made> {
    const known = this.#made.get(id);
    if (known) return known;
    const made = make();
    this.#made.set(id, made);
    const forget = (): void => {
      if (this.#made.get(id) === made) this.forget(id);
    };
    setTimeout(forget, FRESH_MS).unref();
    made.then((it) => this.#made.get(id) === made && this.#weigh(id, it), forget);
    this.#shed();
    return made;
  }

  forget(id: string): void {
    this.#made.delete(id);
    this.#weight -= this.#weights.get(id) ?? 0;
    this.#weights.delete(id);
  }

  #weigh(id: string, made: Made): void {
    const weight = this.bounds.weigh?.(made) ?? 0;
    this.#weights.set(id, weight);
    this.#weight += weight;
    this.#shed();
  }

  /** The oldest go first. */
  #shed(): void {
    const { kept, weight = Infinity } = this.bounds;
    for (const id of this.#made.keys()) {
      if (this.#made.size <= kept && this.#weight <= weight) return;
      this.forget(id);
    }
  }
}
