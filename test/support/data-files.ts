import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

const CHUNK = 1 << 22;

/** How a text may stand in a file: in UTF-8, and as JSON escapes what is not ASCII. */
const formsOf = (text: string): Buffer[] => {
  const escaped = text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [...new Set([text, escaped])].map((form) => Buffer.from(form));
};

/** Which of these are found in any file below a folder, each with the first file that holds it. */
export function findInFiles(folder: string, sought: readonly (string | Buffer)[]): Map<string, string> {
  const missing = new Map(
    sought.map((one) => [
      typeof one === 'string' ? one : one.toString('hex'),
      typeof one === 'string' ? formsOf(one) : [one],
    ]),
  );
  const overlap = Math.max(...[...missing.values()].flat().map(({ length }) => length));
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    // A running server removes files as it likes.
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    for (const chunk of chunksOf(file, overlap)) {
      for (const [one, forms] of missing) {
        if (!forms.some((form) => chunk.includes(form))) continue;
        found.set(one, name);
        missing.delete(one);
      }
    }
  }
  return found;
}

/** Each begins with the end of the one before. */
function* chunksOf(file: string, overlap: number): Generator<Buffer> {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK + overlap);
    let kept = 0;
    for (;;) {
      const length = readSync(descriptor, buffer, kept, CHUNK, null);
      if (length === 0) return;
      const end = kept + length;
      yield buffer.subarray(0, end);
      kept = Math.min(overlap, end);
      buffer.copy(buffer, 0, end - kept, end);
    }
  } finally {
    closeSync(descriptor);
  }
}
