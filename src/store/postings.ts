import { Numbers } from './numbers.js';

/** Which memories of a tenant hold which term: an inverted index, by the places in which they were added. */
export class Postings {
  readonly #places = new Map<string, Numbers>();
  readonly #lengths = Numbers.whole();
  /** How many numbers of four bytes it holds. */
  size = 0;

  get total(): number {
    return this.#lengths.count;
  }

  /** `terms`: each once. */
  add(terms: readonly string[]): void {
    const place = this.#lengths.count;
    for (const term of terms) {
      const places = this.#places.get(term) ?? Numbers.whole();
      if (places.count === 0) this.#places.set(term, places);
      places.push(place);
    }
    this.#lengths.push(terms.length);
    this.size += terms.length + 1;
  }

  /** How many terms a memory has. */
  lengthAt(place: number): number {
    return this.#lengths.at(place);
  }

  /** How many hold a term. */
  holding(term: string): number {
    return this.#places.get(term)?.count ?? 0;
  }

  /** For each of the first `total` places which of up to 31 terms it holds: bit i stands for term i. */
  matched(terms: readonly string[], total: number): Int32Array {
    const matched = new Int32Array(total);
    for (const [i, term] of terms.entries()) {
      const { values, count } = this.#places.get(term) ?? Numbers.whole();
      for (let j = 0; j < count; j++) {
        const place = values[j] ?? 0;
        if (place < total) matched[place] = (matched[place] ?? 0) | (1 << i);
      }
    }
    return matched;
  }
}
