/** How long what was made is given to others: long enough for an event to reach its whole audience, too short to grow old. */
const FRESH_MS = 5_000;

export interface Bounds<Made> {
  kept: number;
  /** What all that is kept may weigh together, and how to weigh it; left out: no more than `kept` says. */
  weight?: number;
  weigh?: (made: Made) => number;
}

interface Kept<Made> {
  making: Promise<Made>;
  made?: Made;
  weight: number;
}

/** What is made of events, once for all who ask for the same within a moment. Time, number and weight bound the memory. */
export class Recent<Made> {
  readonly #kept = new Map<string, Kept<Made>>();
  #weight = 0;

  constructor(private readonly bounds: Bounds<Made>) {}

  /** What others were given for `id` just now, or what `make` makes of it now. What fails is forgotten at once. */
  once(id: string, make: () => Promise<Made>): Promise<Made> {
    const known = this.#kept.get(id);
    if (known) return known.making;
    const kept: Kept<Made> = { making: make(), weight: 0 };
    this.#kept.set(id, kept);
    const forget = (): void => {
      if (this.#kept.get(id) === kept) this.forget(id);
    };
    setTimeout(forget, FRESH_MS).unref();
    kept.making.then((made) => this.#kept.get(id) === kept && this.#weigh(kept, made), forget);
    this.#shed();
    return kept.making;
  }

  /** Whether it was made, or is being made, just now. */
  has(id: string): boolean {
    return this.#kept.has(id);
  }

  /** What was made for `id` just now, if it is there. */
  peek(id: string): Made | undefined {
    return this.#kept.get(id)?.made;
  }

  forget(id: string): void {
    this.#weight -= this.#kept.get(id)?.weight ?? 0;
    this.#kept.delete(id);
  }

  #weigh(kept: Kept<Made>, made: Made): void {
    kept.made = made;
    kept.weight = this.bounds.weigh?.(made) ?? 0;
    this.#weight += kept.weight;
    this.#shed();
  }

  /** The oldest go first. */
  #shed(): void {
    const { kept, weight = Infinity } = this.bounds;
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= kept && this.#weight <= weight) return;
      this.forget(id);
    }
  }
}
