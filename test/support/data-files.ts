import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

const CHUNK = 1 << 22;

/**
 * Which of these are found in any file below a folder, each with the first file that holds it. Texts all begin with `mark`, which
 * occurs in nothing else: only where that is, it is looked for each of them.
 */
export function findInFiles(folder: string, mark: string, sought: readonly string[]): Map<string, string> {
  const missing = new Map(sought.map((one) => [one, Buffer.from(one)]));
  const overlap = Math.max(...sought.map((one) => Buffer.byteLength(one)));
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    for (const chunk of chunksOf(file, overlap)) {
      if (!chunk.includes(mark)) continue;
      for (const [one, bytes] of missing) {
        if (!chunk.includes(bytes)) continue;
        found.set(one, name);
        missing.delete(one);
      }
    }
  }
  return found;
}

/** Each begins with the end of the one before. None of a file that a running server has just removed, which it does as it likes. */
function* chunksOf(file: string, overlap: number): Generator<Buffer> {
  const descriptor = openUnlessGone(file);
  if (descriptor === undefined) return;
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

function openUnlessGone(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether bytes that are no text are found in any file below a folder. */
export const holdsBytes = (folder: string, bytes: Buffer): boolean => {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => {
    const file = path.join(folder, name);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
    for (const chunk of chunksOf(file, bytes.length)) if (chunk.includes(bytes)) return true;
    return false;
  });
};
