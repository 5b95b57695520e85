import { setImmediate } from 'node:timers/promises';
import { Best } from './best.js';
import { holdingOf, type Candidate } from './candidate-rows.js';
import type { MemoryFilter } from './listing.js';
import type { MemoryTraits } from './memory-traits.js';
import type { NearBlock } from './near-block.js';
import type { Postings } from './postings.js';

/** What is kept in memory of a tenant: one place for each memory, the same in all three. */
export interface Resident {
  block: NearBlock;
  words: Postings;
  traits: MemoryTraits;
}

export interface Wanted {
  /** How many by nearness, and by words. */
  near: number;
  worded: number;
  /** What each of the terms weighs. */
  weights: readonly number[];
  /** A memory of so many terms gets half of what it holds. */
  halfLength: number;
}

/** So many of the nearest, and of the best by words, have their neighbours ranked as well. */
const LIFTING = 40;

/** A candidate by its place in memory. */
export type ResidentCandidate = Omit<Candidate, 'id' | 'previousId' | 'nextId'> & {
  id: number;
  previousId: number | null;
  nextId: number | null;
};

export interface Pool {
  /** The nearest, the best by words, and what stands beside the first of both; then their neighbours that are not among them. Cosines are rounded. */
  candidates: ResidentCandidate[];
  /** How many of them are not there for their neighbours alone. */
  found: number;
  /** Every memory that the filter leaves was found. */
  isAll: boolean;
}

/** To pick out more than that takes longer than to compare all. */
const FEW_SHARE = 0.25;

type Cosines = Promise<Float32Array | undefined>;

/** What is compared before it is asked for. */
export interface Ahead {
  /** What is compared: places in anything else, though it be of the same tenant, are others. */
  of: Resident;
  /** Undefined once the tenant was let go. */
  cosines: Cosines;
}

/** Begins to compare a vector with what a filter leaves now, once what was asked of others is on its way. */
export function compareAhead(of: Resident, filter: MemoryFilter, vector: Float32Array): Ahead {
  const compare = async (): Cosines => {
    await setImmediate();
    const { total, ones, size } = of.traits.left(filter);
    return of.block.compare(vector, total, size < FEW_SHARE * total ? ones : undefined);
  };
  const cosines = compare();
  cosines.catch(() => undefined); // who asks for them is told
  return { of, cosines };
}

/**
 * What a filter leaves of a tenant in memory, beside a question. Memories that are no longer current may be among them, and
 * words that must occur are not looked at.
 */
export class ResidentView {
  readonly #total: number;
  readonly #matched: Int32Array;
  #left: Uint8Array | undefined;
  #size: number;
  #cosines: Cosines | undefined;

  /** `ahead`: what was compared with the vector before others came. */
  constructor(
    private readonly of: Resident,
    filter: MemoryFilter,
    private readonly terms: readonly string[],
    private readonly vector: Float32Array,
    private readonly ahead?: Ahead,
  ) {
    const { total, ones, size } = of.traits.left(filter);
    this.#total = total;
    this.#left = ones;
    this.#size = size;
    this.#matched = of.words.matched(terms, total);
  }

  /** How many memories are left. */
  get size(): number {
    return this.#size;
  }

  /** How many memories the tenant has, and how many of them hold each term. */
  get ofTenant(): { total: number; holding: number[] } {
    const { removed } = this.of.traits;
    const over = this.#holdingOf(removed);
    const holding = this.terms.map((term, i) => this.of.words.holding(term) - (over[i] ?? 0));
    return { total: this.#total - removed.size, holding };
  }

  /** The same of those that are left. */
  get ofScope(): { total: number; holding: number[] } {
    const places: number[] = [];
    for (let place = 0; place < this.#total; place++) if (this.#isLeft(place)) places.push(place);
    return { total: this.#size, holding: this.#holdingOf(places) };
  }

  /** What may rank high; undefined where the tenant was let go meanwhile. */
  async pool(wanted: Wanted): Promise<Pool | undefined> {
    const cosines = await (this.#cosines ??= this.#compare());
    if (!cosines) return undefined;
    const near = this.#nearest(wanted.near, cosines);
    const worded = this.#worded(wanted);
    // What stands beside the best may be lifted by them, however little it has itself.
    const lifted = [...near.slice(0, LIFTING), ...worded.slice(0, LIFTING)].flatMap((place) =>
      this.of.traits.beside(place, this.#left, this.#total).filter((other) => other !== undefined),
    );
    const found = [...new Set([...near, ...worded, ...lifted])];
    const linked = found.map((place) => this.#candidate(place, cosines, true));
    const lending = new Set(
      linked.flatMap(({ previousId, nextId }) => [previousId, nextId]).filter((id) => id !== null),
    );
    for (const place of found) lending.delete(place);
    return {
      candidates: [...linked, ...Array.from(lending, (place) => this.#candidate(place, cosines, false))],
      found: found.length,
      isAll: near.length === this.#size,
    };
  }

  /** Takes out what does not match after all. `isOver`: nor will it ever again. */
  exclude(place: number, isOver: boolean): void {
    if (isOver) this.of.traits.remove(place);
    if (!this.#isLeft(place)) return;
    this.#left = this.#left?.slice() ?? new Uint8Array(this.#total).fill(1);
    this.#left[place] = 0;
    this.#size--;
  }

  /** The id of a candidate, as the database's candidates have it. */
  idAt(place: number): string {
    return this.of.block.idAt(place);
  }

  /** With what came after those that were compared ahead. */
  async #compare(): Cosines {
    const known = this.ahead?.of === this.of ? await this.ahead.cosines : undefined;
    if (known?.length === this.#total) return known;
    const few = this.#size < FEW_SHARE * this.#total ? this.#left : undefined;
    return this.of.block.compare(this.vector, this.#total, few, known);
  }

  /** The places with the highest cosines, of equals the newest. */
  #nearest(most: number, cosines: Float32Array): number[] {
    const best = new Best(most);
    const newest = this.#total - 1;
    for (let place = newest; place >= 0; place--) {
      const cosine = cosines[place] ?? 0;
      if (cosine > best.floor && this.#isLeft(place)) best.offer(cosine, newest - place);
    }
    return best.places().map((age) => newest - age);
  }

  /** The places that get the most for their words, of equals the newest. As `lexical` of pools.ts. */
  #worded({ worded, weights, halfLength }: Wanted): number[] {
    const best = new Best(worded);
    const newest = this.#total - 1;
    const weightOf = sums(weights);
    for (let place = newest; place >= 0; place--) {
      const matched = this.#matched[place] ?? 0;
      if (matched === 0 || !this.#isLeft(place)) continue;
      const held = weightOf(matched);
      if (held > 0 && held > best.floor)
        best.offer(held / (1 + this.of.words.lengthAt(place) / halfLength), newest - place);
    }
    return best.places().map((age) => newest - age);
  }

  #candidate(place: number, cosines: Float32Array, isLinked: boolean): ResidentCandidate {
    const { traits, words } = this.of;
    const [previousId = null, nextId = null] = isLinked ? traits.beside(place, this.#left, this.#total) : [];
    return {
      id: place,
      previousId,
      nextId,
      ...traits.at(place),
      similarity: Math.max(0, cosines[place] ?? 0),
      matched: this.#matched[place] ?? 0,
      length: words.lengthAt(place),
    };
  }

  #holdingOf(places: Iterable<number>): number[] {
    return holdingOf(
      this.terms.length,
      Array.from(places, (place) => this.#matched[place] ?? 0),
    );
  }

  #isLeft(place: number): boolean {
    return !this.#left || this.#left[place] === 1;
  }
}

/** Of up to 31 weights the sum of those whose bits are set: looked up, eight bits at a time. */
function sums(weights: readonly number[]): (bits: number) => number {
  const [first, second, third, fourth] = [0, 8, 16, 24].map((from) => {
    const table = new Float64Array(256);
    for (let bits = 1; bits < 256; bits++)
      table[bits] = (table[bits & (bits - 1)] ?? 0) + (weights[from + 31 - Math.clz32(bits & -bits)] ?? 0);
    return table;
  }) as [Float64Array, Float64Array, Float64Array, Float64Array];
  return (bits) =>
    (first[bits & 255] ?? 0) +
    (second[(bits >> 8) & 255] ?? 0) +
    (third[(bits >> 16) & 255] ?? 0) +
    (fourth[bits >>> 24] ?? 0);
}
