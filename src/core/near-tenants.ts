import { readCurrentVectors } from '../store/current-vectors.js';
import { runAs } from '../store/guard.js';
import type { Position, Scope } from '../store/listing.js';
import { NearBlock, type Nearest } from '../store/near-block.js';
import { RequestTime } from '../store/request-time.js';
import { VectorMemory } from '../store/vector-memory.js';
import type { Deps } from './deps.js';
import { keptName, keptNamesOf } from './kept-names.js';

interface Kept {
  block: NearBlock;
  /** The account's sequence number up to which it is whole; undefined while it is being read. */
  seq: bigint | undefined;
  last: Position;
  usedAt: number;
  /** One look for news at a time. */
  looking: Promise<unknown>;
}

/** Memories that are read at once: the embedded database serves nobody else meanwhile. */
const BATCH = 1_000;
/** News of so many memories is read while a search waits for it; more than that without it. */
const MOST_NEWS = 500;
/** A tenant that was in use lately makes no room for another: two that do not fit beside each other would be read at every search. */
const IN_USE_MS = 60_000;
/** A tenant that could not be kept is not tried again before. */
const REST_MS = 60_000;
const MOST_RESTING = 1_000;
const BEGINNING: Position = { at: new Date(0), createdSeq: 0n };

type NearDeps = Pick<Deps, 'db' | 'embedder' | 'giveWay' | 'warn'>;

/**
 * The vectors of large tenants that are searched, kept in memory: compared there one by one, which is exact, and faster than the
 * database can look through its index. A tenant is read in the background when it is first asked for. Each answer is as of the
 * sequence number that is asked about or a later one, whoever wrote meanwhile, on whatever node. Memories that are no longer
 * current may still be among those given: whether one is visible, the database says.
 */
export class NearTenants {
  readonly #kept = new Map<string, Kept>();
  readonly #resting = new Map<string, number>();
  readonly #memory: VectorMemory;
  readonly #stopping = new AbortController();
  /** Tenants are read one after the other. */
  #reading: Promise<void> = Promise.resolve();

  /** `bytes`: 0 keeps nothing. */
  constructor(
    private readonly deps: NearDeps,
    private readonly bytes: number,
  ) {
    this.#memory = new VectorMemory(bytes);
  }

  /**
   * The `most` memories of a tenant that are nearest to a vector, of all that were current at the account's sequence number `seq`;
   * undefined where they are not at hand: not yet, or not at all.
   */
  async nearest(scope: Scope, vector: Float32Array, most: number, seq: bigint): Promise<Nearest | undefined> {
    const name = keptName(scope);
    const kept = this.#kept.get(name);
    if (!kept) {
      if (this.bytes > 0 && !this.#isResting(name)) this.#read(scope);
      return undefined;
    }
    if (kept.seq === undefined) return undefined;
    kept.usedAt = performance.now();
    if (kept.seq < seq && !(await this.#isUpTo(scope, kept, seq))) return undefined;
    return kept.block.nearest(vector, most);
  }

  /** Reads a tenant anew, as much of what is kept of it is no longer current. */
  renew(scope: Scope): void {
    const name = keptName(scope);
    if (this.#isResting(name)) return;
    this.#rest(name); // once in a while is enough
    this.#drop(name);
    this.#read(scope);
  }

  /** Lets go of an account's vectors, or of all: one of them may be of a text that was erased. */
  forget(accountId?: string): void {
    for (const name of keptNamesOf(this.#kept, accountId)) this.#drop(name);
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#reading;
  }

  /** Adds what was written since. False: more than a search can wait for, which is then read in the background. */
  async #isUpTo(scope: Scope, kept: Kept, seq: bigint): Promise<boolean> {
    const look = async (): Promise<void> => {
      if (kept.seq === undefined || kept.seq >= seq) return;
      if (await this.#addNext(scope, kept, MOST_NEWS)) kept.seq = seq;
      else this.#readOn(scope, kept);
    };
    const looking = kept.looking.then(look);
    kept.looking = looking.catch(() => undefined); // who comes next looks for itself
    await looking;
    return kept.seq !== undefined && kept.seq >= seq;
  }

  #read(scope: Scope): void {
    const block = new NearBlock(this.#memory, this.deps.embedder.dimensions);
    const kept = { block, seq: undefined, last: BEGINNING, usedAt: performance.now(), looking: Promise.resolve() };
    this.#kept.set(keptName(scope), kept);
    this.#readOn(scope, kept);
  }

  /** To its end, in the background. */
  #readOn(scope: Scope, kept: Kept): void {
    kept.seq = undefined;
    const read = async (): Promise<void> => {
      while (!this.#stopping.signal.aborted && !kept.block.isFree) {
        await this.deps.giveWay();
        // Nobody knows up to where it is whole: the next look, which finds nothing new, says so.
        if (await this.#addNext(scope, kept, BATCH)) return void (kept.seq = 0n);
      }
    };
    const name = keptName(scope);
    this.#reading = this.#reading
      .then(() => RequestTime.without(() => runAs({ accountId: scope.accountId }, read)))
      .catch((err: unknown) => {
        this.deps.warn({ err }, 'reading the vectors of a tenant is interrupted');
        this.#giveUp(name, kept);
      });
  }

  /** Adds the next ones. True: there were no more. What can not be kept is let go. */
  async #addNext(scope: Scope, kept: Kept, limit: number): Promise<boolean> {
    const { db, embedder } = this.deps;
    const { count, hasOthers, ids, vectors, last } = await readCurrentVectors(db, scope, embedder, kept.last, limit);
    const isKept =
      !hasOthers && vectors.every((vector, i) => this.#add(kept, ids.subarray(16 * i, 16 * i + 16), vector));
    if (!isKept) {
      this.#giveUp(keptName(scope), kept);
      return false;
    }
    kept.last = last ?? kept.last;
    return count < limit;
  }

  /** False where there is no room, and nobody who has not been in use for a while. */
  #add({ block }: Kept, id: Uint8Array, vector: Float32Array): boolean {
    while (!block.add(id, vector)) {
      const others = [...this.#kept].filter(([, kept]) => kept.block !== block);
      const [oldest] = others.sort(([, a], [, b]) => a.usedAt - b.usedAt);
      if (block.isFree || !oldest || performance.now() - oldest[1].usedAt < IN_USE_MS) return false;
      this.#drop(oldest[0]);
    }
    return true;
  }

  #giveUp(name: string, kept: Kept): void {
    this.#rest(name);
    if (this.#kept.get(name) === kept) this.#drop(name);
    else kept.block.free();
  }

  #drop(name: string): void {
    this.#kept.get(name)?.block.free();
    this.#kept.delete(name);
  }

  #rest(name: string): void {
    this.#resting.delete(name);
    this.#resting.set(name, performance.now() + REST_MS);
    const [oldest] = this.#resting.size > MOST_RESTING ? this.#resting.keys() : [];
    if (oldest !== undefined) this.#resting.delete(oldest);
  }

  #isResting(name: string): boolean {
    return (this.#resting.get(name) ?? 0) > performance.now();
  }
}
