// Assembles src/store/vector-scan.wat. Run by `npm run assemble` after a change of it; a test compares the two.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import wabt from 'wabt';

const file = path.join(import.meta.dirname, '../src/store/vector-scan');

/** The machine's form of the program. */
export async function assemble(): Promise<Uint8Array> {
  const tools = await wabt();
  const parsed = tools.parseWat(`${file}.wat`, readFileSync(`${file}.wat`, 'utf8'), { simd: true });
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

if (process.argv[1] === import.meta.filename) writeFileSync(`${file}.wasm`, await assemble());
