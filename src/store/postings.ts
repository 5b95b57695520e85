import { Best } from './best.js';

/** A list of numbers that grows by half whenever it is full. */
class Numbers {
  values = new Int32Array(4);
  count = 0;

  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Int32Array(Math.ceil(this.count * 1.5));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }
}

export interface Words {
  terms: readonly string[];
  /** What each of them weighs. */
  weights: readonly number[];
  /** Those that are looked for by themselves; the others only add to what was found by one of these. */
  rareTerms: readonly string[];
  /** A memory of so many terms gets half of what it holds. */
  halfLength: number;
}

/** Which memories of a tenant hold which term: an inverted index, by the places in which they were added. */
export class Postings {
  readonly #places = new Map<string, Numbers>();
  readonly #lengths = new Numbers();
  /** How many numbers it holds. */
  size = 0;

  get total(): number {
    return this.#lengths.count;
  }

  add(terms: readonly string[]): void {
    const place = this.#lengths.count;
    for (const term of terms) {
      const places = this.#places.get(term) ?? new Numbers();
      if (places.count === 0) this.#places.set(term, places);
      places.push(place);
    }
    this.#lengths.push(terms.length);
    this.size += terms.length + 1;
  }

  /** How many hold a term. */
  holding(term: string): number {
    return this.#places.get(term)?.count ?? 0;
  }

  /** The `most` places that get the most for their words, the best first; of equals the newest first. As `lexical` of pools.ts. */
  best({ terms, weights, rareTerms, halfLength }: Words, most: number): number[] {
    const held = new Float64Array(this.total);
    const found: number[] = [];
    const rare = new Set(rareTerms);
    const add = (term: string, weight: number): void => {
      const { values, count } = this.#places.get(term) ?? new Numbers();
      for (let i = 0; i < count; i++) {
        const place = values[i] ?? 0;
        const before = held[place] ?? 0;
        if (before === 0) {
          if (!rare.has(term)) continue;
          found.push(place);
        }
        held[place] = before + weight;
      }
    };
    const weighed = terms.map((term, i) => ({ term, weight: weights[i] ?? 0 })).filter(({ weight }) => weight > 0);
    for (const { term, weight } of weighed) if (rare.has(term)) add(term, weight);
    if (found.length > 0) for (const { term, weight } of weighed) if (!rare.has(term)) add(term, weight);
    const best = new Best(most);
    found.sort((a, b) => b - a);
    found.forEach((place, i) => {
      best.offer((held[place] ?? 0) / (1 + (this.#lengths.values[place] ?? 0) / halfLength), i);
    });
    return best.places().map((i) => found[i] ?? 0);
  }
}
