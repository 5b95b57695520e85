import { Slice } from '../slice.js';
import { VectorMemory } from './vector-memory.js';

const ID_BYTES = 16;

interface Segment {
  at: number;
  ids: Buffer;
  count: number;
}

/** The vectors of one tenant in memory, with the ids of whose they are. All are compared: none of the nearest is missed but for rounding. */
export class NearBlock {
  readonly #segments: Segment[] = [];
  readonly #rows: number;
  #isFree = false;

  constructor(
    private readonly memory: VectorMemory,
    dimensions: number,
  ) {
    this.#rows = VectorMemory.rowsOf(dimensions);
  }

  get isFree(): boolean {
    return this.#isFree;
  }

  /** False where there is no room for it. `id`: its 16 bytes. */
  add(id: Uint8Array, vector: Float32Array): boolean {
    let last = this.#segments.at(-1);
    if (!last || last.count === this.#rows) {
      const at = this.#isFree ? undefined : this.memory.take();
      if (at === undefined) return false;
      last = { at, ids: Buffer.alloc(this.#rows * ID_BYTES), count: 0 };
      this.#segments.push(last);
    }
    this.memory.write(last.at, last.count, vector);
    last.ids.set(id, last.count * ID_BYTES);
    last.count++;
    return true;
  }

  /**
   * The cosine of a vector with that of each of the first `total` places, but for rounding, or with those that are `left` (1): of the
   * others nothing is said. `known`: of how many of the first they are known. Undefined once the block was given up.
   */
  async compare(
    vector: Float32Array,
    total: number,
    left?: Uint8Array,
    known?: Float32Array,
  ): Promise<Float32Array | undefined> {
    const cosines = new Float32Array(total);
    if (known) cosines.set(known);
    const slice = new Slice();
    for (let i = Math.floor((known?.length ?? 0) / this.#rows); i * this.#rows < total; i++) {
      await slice.rest();
      const segment = this.#segments[i];
      if (!segment) break; // given up meanwhile
      const first = i * this.#rows;
      const count = Math.min(segment.count, total - first);
      cosines.set(this.memory.scan(segment.at, count, vector, left, first), first);
    }
    return this.#isFree ? undefined : cosines;
  }

  /** Gives its memory back. */
  free(): void {
    this.#isFree = true;
    for (const { at } of this.#segments.splice(0)) this.memory.give(at);
  }

  /** What stands in a place, as 32 hexadecimal digits; places are counted in the order of adding. */
  idAt(place: number): string {
    const row = place % this.#rows;
    return this.#segments[(place - row) / this.#rows]?.ids.toString('hex', row * ID_BYTES, (row + 1) * ID_BYTES) ?? '';
  }
}
