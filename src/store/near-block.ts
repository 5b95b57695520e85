import { setImmediate } from 'node:timers/promises';
import { Best } from './best.js';
import { VectorMemory } from './vector-memory.js';

const ID_BYTES = 16;
/** Others get their turn after so long. */
const SLICE_MS = 4;

interface Segment {
  at: number;
  ids: Buffer;
  units: Float32Array;
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
      last = { at, ids: Buffer.alloc(this.#rows * ID_BYTES), units: new Float32Array(this.#rows), count: 0 };
      this.#segments.push(last);
    }
    last.units[last.count] = this.memory.write(last.at, last.count, vector);
    last.ids.set(id, last.count * ID_BYTES);
    last.count++;
    return true;
  }

  /** The places of the `most` nearest to a vector by cosine, the nearest first; undefined once the block was given up. */
  async nearest(vector: Float32Array, most: number): Promise<number[] | undefined> {
    const best = new Best(most);
    let total = 0;
    let began = performance.now();
    for (let i = 0; i < this.#segments.length; i++) {
      if (performance.now() - began > SLICE_MS) {
        await setImmediate();
        began = performance.now();
      }
      const segment = this.#segments[i];
      if (!segment) break; // given up meanwhile
      const products = this.memory.scan(segment.at, segment.count, vector);
      for (let row = 0; row < segment.count; row++)
        best.offer((products[row] ?? 0) * (segment.units[row] ?? 0), total + row);
      total += segment.count;
    }
    return this.#isFree ? undefined : best.places();
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
