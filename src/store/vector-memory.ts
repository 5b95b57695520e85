import { readFileSync } from 'node:fs';

/** The memory comes and goes in pieces of this size: small enough for a tenant of a few thousand vectors. */
const SEGMENT_BYTES = 2 ** 18;
const PAGE_BYTES = 2 ** 16;
/** Of the first segment: results at its beginning (4 bytes a row, of at least 16), the query behind them. */
const QUERY_AT = SEGMENT_BYTES / 2;
const UNIT_BYTES = 4;
/** What the program reads at once. */
const STEP = 16;
const MOST_8_BIT = 127;
const MOST_16_BIT = 32_767;
const MOST_32_BIT = 2 ** 31 - 1;

interface Program {
  memory: WebAssembly.Memory;
  scan: (query: number, row: number, count: number, bytes: number, units: number, unit: number, out: number) => void;
}

/** Loaded with the first vectors: most servers hold no tenant that needs them. */
function load(): Program {
  const code = readFileSync(new URL('./vector-scan.wasm', import.meta.url));
  return new WebAssembly.Instance(new WebAssembly.Module(code)).exports as unknown as Program;
}

/**
 * Vectors in a memory of their own, as whole numbers of 8 bits, and the program that compares one with many of them: sixteen
 * numbers at a time, by the vector instructions of WebAssembly, ten times as fast as JavaScript. Bounded: no more than
 * `bytes` are ever taken, and what was given back is taken again.
 */
export class VectorMemory {
  readonly #most: number;
  readonly #free: number[] = [];
  #taken = 0;
  #program: Program | undefined;

  constructor(bytes: number) {
    this.#most = Math.floor(bytes / SEGMENT_BYTES);
  }

  /** How many vectors a segment holds. */
  static rowsOf(dimensions: number): number {
    return Math.floor(SEGMENT_BYTES / (VectorMemory.#bytesOf(dimensions) + UNIT_BYTES));
  }

  static #bytesOf(dimensions: number): number {
    return Math.ceil(dimensions / STEP) * STEP;
  }

  /** The place of a segment; undefined where there is no room for one more. */
  take(): number | undefined {
    const known = this.#free.pop();
    if (known !== undefined || this.#taken >= this.#most) return known;
    this.#program ??= load();
    const { memory } = this.#program;
    const at = (this.#taken + 1) * SEGMENT_BYTES; // the first one is for what is compared
    try {
      memory.grow(Math.ceil((at + SEGMENT_BYTES - memory.buffer.byteLength) / PAGE_BYTES));
    } catch {
      return undefined; // the machine has no more
    }
    this.#taken++;
    return at;
  }

  /** Gives a segment back; nothing is left in it. */
  give(segment: number): void {
    this.#bytes(segment, SEGMENT_BYTES).fill(0);
    this.#free.push(segment);
  }

  /** Puts a vector into a segment. */
  write(segment: number, row: number, vector: Float32Array): void {
    const bytes = VectorMemory.#bytesOf(vector.length);
    const unit = largest(vector) / MOST_8_BIT;
    const places = this.#bytes(segment + row * bytes, bytes);
    places.fill(0);
    if (unit > 0) for (let i = 0; i < vector.length; i++) places[i] = Math.round((vector[i] ?? 0) / unit);
    new Float32Array(places.buffer, unitsOf(segment, vector.length))[row] = shareOf(unit, vector);
  }

  /**
   * The cosines of a vector with the first `count` of a segment, or with those of them that are `left` (1), counted from `first` on:
   * of the others nothing is said. To be read before the next call.
   */
  scan(segment: number, count: number, vector: Float32Array, left?: Uint8Array, first = 0): Float32Array {
    this.#program ??= load();
    const { memory, scan } = this.#program;
    const bytes = VectorMemory.#bytesOf(vector.length);
    // No sum of products may leave 32 bits, whatever the row.
    const unit = largest(vector) / Math.min(MOST_16_BIT, Math.floor(MOST_32_BIT / MOST_8_BIT / bytes));
    const query = new Int16Array(memory.buffer, QUERY_AT, bytes).fill(0);
    if (unit > 0) for (let i = 0; i < vector.length; i++) query[i] = Math.round((vector[i] ?? 0) / unit);
    const [units, share] = [unitsOf(segment, vector.length), shareOf(unit, vector)];
    const run = (row: number, rows: number): void => {
      const offset = row * UNIT_BYTES;
      scan(QUERY_AT, segment + row * bytes, rows, bytes, units + offset, share, offset);
    };
    if (left)
      eachRun(left, first, first + count, (from, to) => {
        run(from - first, to - from);
      });
    else run(0, count);
    return new Float32Array(memory.buffer, 0, count);
  }

  #bytes(at: number, length: number): Int8Array {
    this.#program ??= load();
    return new Int8Array(this.#program.memory.buffer, at, length);
  }
}

function largest(vector: Float32Array): number {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  return most;
}

/** Behind the rows. */
const unitsOf = (segment: number, dimensions: number): number =>
  segment + SEGMENT_BYTES - VectorMemory.rowsOf(dimensions) * UNIT_BYTES;

/** What a unit of its numbers stands for, as a share of a vector's length; of one without length nothing. */
function shareOf(unit: number, vector: Float32Array): number {
  let square = 0;
  for (const value of vector) square += value * value;
  return square > 0 ? unit / Math.sqrt(square) : 0;
}

/** Each run of ones between two places. */
function eachRun(ones: Uint8Array, first: number, end: number, use: (from: number, to: number) => void): void {
  for (let to, from = first; from < end; from = to + 1) {
    for (to = from; to < end && ones[to] === 1; to++);
    if (to > from) use(from, to);
  }
}
