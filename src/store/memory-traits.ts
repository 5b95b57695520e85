import type { MemoryFilter } from './listing.js';
import { Numbers } from './numbers.js';

/** What filters and ranks ask of a memory beside its vector and its words. */
export interface Traits {
  createdSeq: number;
  validFrom: Date;
  importance: number;
  source: string;
  topic: string;
  sessionId: string | null;
}

/** What a filter leaves of the first `total` places: of each 1 for one that is left; undefined where all are. */
export interface Left {
  total: number;
  /** How many had been removed by then. */
  removed: number;
  ones: Uint8Array | undefined;
  size: number;
}

const NUMBERS_EACH = 9;
/** What a name takes beside its characters, in numbers of four bytes. */
const NAME_NUMBERS = 12;
const CHARACTERS_A_NUMBER = 4;
const NO_SESSION = -1;

/** Traits of a tenant's memories, by the places in which they were added: in the order in which they became known. */
export class MemoryTraits {
  readonly #seqs = Numbers.any();
  readonly #since = Numbers.any();
  readonly #importance = Numbers.whole();
  readonly #sources = Numbers.whole();
  readonly #topics = Numbers.whole();
  readonly #sessions = Numbers.whole();
  /** Of each session the places, ascending. */
  readonly #members: Numbers[] = [];
  readonly #names = {
    sources: new Map<string, number>(),
    topics: new Map<string, number>(),
    sessions: new Map<string, number>(),
  };
  readonly #removed = new Set<number>();
  readonly #left = new WeakMap<MemoryFilter, Left>();
  /** How many numbers of four bytes it holds. */
  size = 0;

  add({ createdSeq, validFrom, importance, source, topic, sessionId }: Traits): void {
    const place = this.#seqs.count;
    this.#seqs.push(createdSeq);
    this.#since.push(validFrom.getTime());
    this.#importance.push(importance);
    this.#sources.push(this.#numberOf(this.#names.sources, source));
    this.#topics.push(this.#numberOf(this.#names.topics, topic));
    const session = sessionId === null ? NO_SESSION : this.#numberOf(this.#names.sessions, sessionId);
    this.#sessions.push(session);
    if (session !== NO_SESSION) (this.#members[session] ??= Numbers.whole()).push(place);
    this.size += NUMBERS_EACH;
  }

  at(place: number): Pick<Traits, 'createdSeq' | 'validFrom' | 'importance'> {
    return {
      createdSeq: this.#seqs.at(place),
      validFrom: new Date(this.#since.at(place)),
      importance: this.#importance.at(place),
    };
  }

  /**
   * Which places a filter leaves. Words that must occur are not looked at: what they are the database knows. Kept
   * for as long as the filter itself: a search asks for it more than once.
   */
  left(filter: MemoryFilter): Left {
    const total = this.#seqs.count;
    const known = this.#left.get(filter);
    if (known?.total === total && known.removed === this.#removed.size) return known;
    const ones = this.#onesOf(filter, total);
    const left = { total, removed: this.#removed.size, ones, size: ones ? sum(ones) : total };
    this.#left.set(filter, left);
    return left;
  }

  /** Leaves a place out from now on. */
  remove(place: number): void {
    this.#removed.add(place);
  }

  /** Those that were left out. */
  get removed(): ReadonlySet<number> {
    return this.#removed;
  }

  #onesOf(
    { sources, topics, sessionIds, minImportance, createdAfter }: MemoryFilter,
    total: number,
  ): Uint8Array | undefined {
    const isFiltered = (sources ?? topics ?? sessionIds ?? minImportance ?? createdAfter) !== undefined;
    if (!isFiltered && this.#removed.size === 0) return undefined;
    const ones = new Uint8Array(total).fill(1);
    for (const place of this.#removed) ones[place] = 0;
    if (sources) keepNamed(ones, this.#sources, this.#names.sources, sources);
    if (topics) keepNamed(ones, this.#topics, this.#names.topics, topics);
    if (sessionIds) keepNamed(ones, this.#sessions, this.#names.sessions, sessionIds);
    if (minImportance !== undefined) keepFrom(ones, this.#importance, minImportance);
    if (createdAfter !== undefined) keepFrom(ones, this.#seqs, Number(createdAfter) + 1);
    return ones;
  }

  /** The places before and after one in its session, of those that are left; undefined for none. */
  beside(place: number, left: Uint8Array | undefined, total: number): [number | undefined, number | undefined] {
    const members = this.#members[this.#sessions.at(place)];
    if (!members) return [undefined, undefined];
    const index = indexOf(members, place);
    const towards = (step: 1 | -1): number | undefined => {
      for (let i = index + step; i >= 0 && i < members.count; i += step) {
        const other = members.at(i);
        if (other < total && (!left || left[other] === 1)) return other;
      }
      return undefined;
    };
    return [towards(-1), towards(1)];
  }

  #numberOf(names: Map<string, number>, name: string): number {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    this.size += NAME_NUMBERS + Math.ceil(name.length / CHARACTERS_A_NUMBER);
    return names.size - 1;
  }
}

function sum(ones: Uint8Array): number {
  let all = 0;
  for (const one of ones) all += one;
  return all;
}

/** Takes out those that have none of the names. */
function keepNamed(
  ones: Uint8Array,
  { values }: Numbers,
  names: ReadonlyMap<string, number>,
  wanted: readonly string[],
): void {
  const isWanted = new Uint8Array(names.size);
  for (const name of wanted) {
    const number = names.get(name);
    if (number !== undefined) isWanted[number] = 1;
  }
  for (let place = 0; place < ones.length; place++) if (isWanted[values[place] ?? -1] !== 1) ones[place] = 0;
}

/** Takes out those whose number is lower. */
function keepFrom(ones: Uint8Array, { values }: Numbers<Int32Array | Float64Array>, least: number): void {
  for (let place = 0; place < ones.length; place++) if ((values[place] ?? 0) < least) ones[place] = 0;
}

/** Where a place stands among ascending ones. */
function indexOf({ values, count }: Numbers, place: number): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((values[middle] ?? 0) < place) from = middle + 1;
    else to = middle;
  }
  return from;
}
