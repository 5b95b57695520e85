/** A line that is not blank. */
export interface Line {
  /** Counted from 1, blank ones included. */
  number: number;
  /** Without its line break; null where it is longer than a line may be. */
  bytes: Buffer | null;
}

const LINE_FEED = 0x0a;
/** Space, tab and carriage return: of such a line nothing can be read. */
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

/** Cuts a stream of bytes into lines, and holds no more of it than one line may be long. */
export class LineSplitter {
  #number = 1;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(readonly maxBytes: number) {}

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): Line[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: Line[] = [];
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      this.#keep(bytes.subarray(from, at));
      lines.push(...this.end());
      from = at + 1;
    }
    this.#keep(bytes.subarray(from));
    return lines;
  }

  /** The line that was begun: the last one may end without a line break. */
  end(): Line[] {
    const isTooLong = this.#length > this.maxBytes;
    const bytes = isTooLong ? null : Buffer.concat(this.#parts);
    const line = { number: this.#number, bytes };
    this.#number += 1;
    this.#parts = [];
    this.#length = 0;
    return bytes && isBlank(bytes) ? [] : [line];
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= this.maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }
}
