import type { MemoryFilter, Scope } from '../store/listing.js';
import { keptName, keptNamesOf } from './kept-names.js';

export interface Known {
  /** As it was counted, up to a bound. */
  size: number;
  /** The account's sequence number then. */
  seq: bigint;
  /** Looked up in the vector index it came out short: its rows are too few among all. */
  isSparse: boolean;
}

const MOST_KEPT = 5_000;

/**
 * Which scopes (a tenant and a filter) are too large to be compared whole. It only says which way to search first, so that
 * it may be out of date: each way finds out by itself when it was the wrong one.
 */
export class ScopeSizes {
  readonly #large = new Map<string, Known>();
  /** Tenants that are looked up in the vector index where facts are compared, by the names of their whole scopes. */
  readonly #indexed = new Set<string>();

  /** Undefined: not known to be large. */
  get(scope: Scope, filter: MemoryFilter): Known | undefined {
    return this.#large.get(nameOf(scope, filter));
  }

  setLarge(scope: Scope, filter: MemoryFilter, known: Known): void {
    const name = nameOf(scope, filter);
    this.#large.delete(name);
    this.#large.set(name, known);
    shorten(this.#large);
  }

  setSmall(scope: Scope, filter: MemoryFilter): void {
    this.#large.delete(nameOf(scope, filter));
  }

  /** Whether a tenant is known to be large enough for the vector index. */
  isIndexed(scope: Scope): boolean {
    return this.#indexed.has(nameOf(scope, {}));
  }

  setIndexed(scope: Scope): void {
    const name = nameOf(scope, {});
    this.#indexed.delete(name);
    this.#indexed.add(name);
    shorten(this.#indexed);
  }

  /** Forgets the scopes of an account, or all: their names are those of tenants and sessions. */
  forget(accountId?: string): void {
    for (const kept of [this.#large, this.#indexed]) for (const name of keptNamesOf(kept, accountId)) kept.delete(name);
  }
}

/** The oldest goes first. */
function shorten(kept: Map<string, unknown> | Set<string>): void {
  const [oldest] = kept.size > MOST_KEPT ? kept.keys() : [];
  if (oldest !== undefined) kept.delete(oldest);
}

/** A filter may hold a hundred long names; of the few that are large the text is kept. */
const nameOf = (scope: Scope, { createdAfter, ...filter }: MemoryFilter): string =>
  keptName(scope, createdAfter?.toString(), filter);
