import { readCurrentFeatures, type CurrentMemory } from '../store/current-features.js';
import { runAs } from '../store/guard.js';
import type { MemoryFilter, Position, Scope } from '../store/listing.js';
import { MemoryTraits } from '../store/memory-traits.js';
import { NearBlock } from '../store/near-block.js';
import { Postings } from '../store/postings.js';
import { RequestTime } from '../store/request-time.js';
import { compareAhead, ResidentView, type Ahead, type Resident } from '../store/resident-view.js';
import { VectorMemory } from '../store/vector-memory.js';
import type { Deps } from './deps.js';
import { keptName, keptNamesOf } from './kept-names.js';
import { Rests } from './rests.js';

interface Kept extends Resident {
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
/** Is read anew once more than this share of it is known to be no longer current. */
const MOST_REMOVED = 0.1;
const NUMBER_BYTES = 4;
/** What was over a day ago is not kept: of what is over since, a clock that jumps back may make something current. */
const DAY_MS = 86_400_000;
const BEGINNING: Position = { at: new Date(0), createdSeq: 0n };

type ResidentDeps = Pick<Deps, 'db' | 'embedder' | 'giveWay' | 'now' | 'warn'>;

export interface ResidentLook {
  /** How many memories are left. */
  size: number;
  /** Begins to compare a vector with them. */
  compare: (vector: Float32Array) => Ahead;
}

/**
 * What searches of large tenants look through, kept in memory: vectors, compared there one by one, which is exact and faster than
 * the database can look through its index; which memory holds which word; and what filters ask for. A tenant is read in the
 * background when it is first searched. Each answer is as of the sequence number that is asked about or a later one, whoever wrote
 * meanwhile, on whatever node. Memories that are no longer current may still be among those found: whether one is visible, the
 * database says.
 */
export class ResidentTenants {
  readonly #kept = new Map<string, Kept>();
  /** Tenants that could not be kept, or were read anew. */
  readonly #rests = new Rests();
  readonly #memory: VectorMemory;
  readonly #stopping = new AbortController();
  /** Tenants are read one after the other. */
  #reading: Promise<void> = Promise.resolve();

  /** `bytes`: 0 keeps nothing. */
  constructor(
    private readonly deps: ResidentDeps,
    private readonly bytes: number,
  ) {
    this.#memory = new VectorMemory(bytes);
  }

  /** What a filter leaves of a tenant, about; undefined where the tenant is not at hand. */
  look(scope: Scope, filter: MemoryFilter): ResidentLook | undefined {
    const kept = this.#kept.get(keptName(scope));
    if (kept?.seq === undefined) return undefined;
    return { size: kept.traits.left(filter).size, compare: (vector) => compareAhead(kept, filter, vector) };
  }

  /**
   * What a filter leaves of all that were current at the account's sequence number `seq`, beside a question; undefined
   * where the tenant is not at hand: not yet, or not at all. `ahead`: what was compared meanwhile.
   */
  async view(
    scope: Scope,
    filter: MemoryFilter,
    { terms, vector, ahead }: { terms: readonly string[]; vector: Float32Array; ahead?: Ahead | undefined },
    seq: bigint,
  ): Promise<ResidentView | undefined> {
    const kept = await this.#at(scope, seq);
    return kept && new ResidentView(kept, filter, terms, vector, ahead);
  }

  /** Lets go of an account's vectors, or of all: one of them may be of a text that was erased. */
  forget(accountId?: string): void {
    for (const name of keptNamesOf(this.#kept, accountId)) this.#drop(name);
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#reading;
  }

  /** What is kept of a tenant, up to `seq`. One that is not kept is read in the background. */
  async #at(scope: Scope, seq: bigint): Promise<Kept | undefined> {
    const name = keptName(scope);
    const kept = this.#kept.get(name);
    if (!kept) {
      if (this.bytes > 0 && !this.#rests.isOn(name)) this.#read(scope);
      return undefined;
    }
    if (kept.seq === undefined) return undefined;
    if (kept.traits.removed.size > MOST_REMOVED * kept.words.total && !this.#rests.isOn(name)) {
      this.#renew(scope);
      return undefined;
    }
    kept.usedAt = performance.now();
    return kept.seq >= seq || (await this.#isUpTo(scope, kept, seq)) ? kept : undefined;
  }

  /** Reads a tenant anew, as much of what is kept of it is no longer current. */
  #renew(scope: Scope): void {
    const name = keptName(scope);
    this.#rests.begin(name); // once in a while is enough
    this.#drop(name);
    this.#read(scope);
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
    const kept: Kept = {
      block: new NearBlock(this.#memory, this.deps.embedder.dimensions),
      words: new Postings(),
      traits: new MemoryTraits(),
      seq: undefined,
      last: BEGINNING,
      usedAt: performance.now(),
      looking: Promise.resolve(),
    };
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
        this.deps.warn({ err }, 'reading a tenant into memory is interrupted');
        this.#giveUp(name, kept);
      });
  }

  /** Adds the next ones. True: there were no more. What can not be kept is let go. */
  async #addNext(scope: Scope, kept: Kept, limit: number): Promise<boolean> {
    const { db, embedder, now } = this.deps;
    const page = { after: kept.last, notOverAt: new Date(now().getTime() - DAY_MS), limit };
    const { count, hasOthers, memories, last } = await readCurrentFeatures(db, scope, embedder, page);
    if (hasOthers || !memories.every((memory) => this.#add(kept, memory))) {
      this.#giveUp(keptName(scope), kept);
      return false;
    }
    kept.last = last ?? kept.last;
    return count < limit;
  }

  /** False where there is no room, and nobody who has not been in use for a while. */
  #add({ block, words, traits }: Kept, { id, vector, terms, ...others }: CurrentMemory): boolean {
    while (!this.#hasRoomBesideVectors() || !block.add(id, vector)) {
      const beside = [...this.#kept].filter(([, kept]) => kept.block !== block);
      const [oldest] = beside.sort(([, a], [, b]) => a.usedAt - b.usedAt);
      if (block.isFree || !oldest || performance.now() - oldest[1].usedAt < IN_USE_MS) return false;
      this.#drop(oldest[0]);
    }
    words.add(terms);
    traits.add(others);
    return true;
  }

  /** Long texts have more words than numbers in their vectors. */
  #hasRoomBesideVectors(): boolean {
    let size = 0;
    for (const { words, traits } of this.#kept.values()) size += words.size + traits.size;
    return size * NUMBER_BYTES <= this.bytes;
  }

  #giveUp(name: string, kept: Kept): void {
    this.#rests.begin(name);
    if (this.#kept.get(name) === kept) this.#drop(name);
    else kept.block.free();
  }

  #drop(name: string): void {
    this.#kept.get(name)?.block.free();
    this.#kept.delete(name);
  }
}
