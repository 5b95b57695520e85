import { readFileSync } from 'node:fs';

/** A vector for every known word, and for pieces ("##ing") from which unknown words are put together. */
export interface WordTable {
  readonly dimensions: number;
  readonly rowOf: ReadonlyMap<string, number>;
  /** What the bytes of a row are multiplied by. */
  readonly scales: Float32Array;
  readonly bytes: Int8Array;
}

const MAGIC = 'PWT1';
const HEAD_BYTES = 16;

/** Reads what scripts/embedder/build.py writes. @throws Error when the file is something else, or cut short. */
export function readWordTable(file: URL): WordTable {
  const data = readFileSync(file);
  if (data.length < HEAD_BYTES || data.toString('latin1', 0, 4) !== MAGIC) throw damaged();
  const rows = data.readUInt32LE(4);
  const dimensions = data.readUInt32LE(8);
  const scaleStart = HEAD_BYTES + data.readUInt32LE(12);
  const byteStart = scaleStart + rows * 4;
  if (rows * dimensions === 0 || data.length !== byteStart + rows * dimensions) throw damaged();
  const words = data.toString('latin1', HEAD_BYTES, scaleStart).trimEnd().split('\n');
  return {
    dimensions,
    rowOf: new Map(words.map((word, row) => [word, row])),
    scales: floats(data.subarray(scaleStart, byteStart)),
    bytes: new Int8Array(data.buffer, data.byteOffset + byteStart, rows * dimensions),
  };
}

const floats = (data: Buffer): Float32Array => {
  const read = new Float32Array(data.length / 4);
  for (let at = 0; at < read.length; at += 1) read[at] = data.readFloatLE(at * 4);
  return read;
};

const damaged = (): Error => new Error('the word table of the offline embedder is damaged: build it again');

/** Longer "words" are encoded data; to look for their pieces would cost the square of their length. */
export const LONGEST_WORD = 48;

/** The row of a word; or of its longest known beginning, and of the pieces that follow. None: no letter of it is known. */
export function rowsOf(table: WordTable, word: string): readonly number[] {
  const whole = table.rowOf.get(word);
  if (whole !== undefined) return [whole];
  const rows: number[] = [];
  const known = word.slice(0, LONGEST_WORD);
  let start = 0;
  while (start < known.length) {
    const end = endOfPiece(table, known, start);
    const row = table.rowOf.get(pieceOf(known, start, end));
    if (row !== undefined) rows.push(row);
    start = end;
  }
  return rows;
}

const pieceOf = (word: string, start: number, end: number): string => (start > 0 ? '##' : '') + word.slice(start, end);

/** Where the longest known piece from `start` ends; one letter on, when none is known. */
const endOfPiece = (table: WordTable, word: string, start: number): number => {
  let end = word.length;
  while (end > start + 1 && !table.rowOf.has(pieceOf(word, start, end))) end -= 1;
  return end;
};
