import type { Db } from '../store/client.js';
import type { Scope } from '../store/listing.js';
import { countTerms, RARE, type TermStats } from '../store/term-stats.js';
import { keptName, keptNamesOf } from './kept-names.js';

interface Kept {
  stats: Promise<TermStats>;
  /** The account's sequence number they were counted at. */
  seq: bigint;
}

const MAX_KEPT = 200;
/** Counted again once the account has seen so much more: shares of terms move slowly. */
const GROWTH = 1.25;

/** How often terms occur in large tenants: counted once, kept, and counted anew as the tenant grows. */
export class TermCounts {
  readonly #kept = new Map<string, Kept>();

  /** How many of the tenant's memories there are, and how many hold each term; of rare ones a guess that is not too low. */
  async holding(
    db: Db,
    scope: Scope,
    seq: bigint,
    terms: readonly string[],
  ): Promise<{ total: number; holding: number[] }> {
    const { total, common } = await this.#statsOf(db, scope, seq);
    return { total, holding: terms.map((term) => common.get(term) ?? total / (2 * RARE)) };
  }

  /** Forgets the terms of an account, or of all: words of what was erased may be among them. */
  forget(accountId?: string): void {
    for (const name of keptNamesOf(this.#kept, accountId)) this.#kept.delete(name);
  }

  #statsOf(db: Db, scope: Scope, seq: bigint): Promise<TermStats> {
    const name = keptName(scope);
    const kept = this.#kept.get(name);
    if (kept && Number(seq) <= Number(kept.seq) * GROWTH) return kept.stats;
    const stats = countTerms(db, scope);
    const renewed = { stats: kept ? kept.stats : stats, seq };
    this.#kept.delete(name);
    this.#kept.set(name, renewed);
    // While they are counted anew the old ones serve; a failure is the next search's to repeat.
    stats.then(
      () => (renewed.stats = stats),
      () => this.#kept.delete(name),
    );
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
    return renewed.stats;
  }
}
