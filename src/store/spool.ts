import { createHash, randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '../errors.js';
import { LineSplitter, type Line } from './line-splitter.js';

/** A body that was taken in whole, in a temporary file. */
export interface Spool {
  /** SHA-256 of its bytes. */
  hash: Buffer;
  /** Lines that are not blank. */
  rows: number;
  /** These lines, from the first, as many as have come together: none of them is read before it is asked for. */
  lines(): AsyncGenerator<Line[]>;
  dispose(): Promise<void>;
}

/** No room on the disk, or none that this user may take. */
const FULL = /^(ENOSPC|EDQUOT|EFBIG)$/;

interface Limits {
  maxBytes: number;
  maxLineBytes: number;
}

/**
 * Takes in a body that may be longer than memory should hold. The file has no name any more: whatever becomes of this
 * process, nothing stays behind. @throws AppError BODY_TOO_LARGE, STORAGE_FULL
 */
export async function spool(body: AsyncIterable<Uint8Array>, { maxBytes, maxLineBytes }: Limits): Promise<Spool> {
  const file = await openNameless();
  const hash = createHash('sha256');
  const splitter = new LineSplitter(maxLineBytes);
  let bytes = 0;
  let rows = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new AppError('BODY_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`);
      hash.update(chunk);
      rows += splitter.push(chunk).length;
      await file.writeFile(chunk); // goes on where the last one ended
    }
  } catch (error) {
    await file.close();
    throw FULL.test((error as NodeJS.ErrnoException).code ?? '')
      ? new AppError('STORAGE_FULL', 'The server has no room to take the body in. Try again later.', { cause: error })
      : error;
  }
  rows += splitter.end().length;
  return { hash: hash.digest(), rows, lines: () => readLines(file, maxLineBytes), dispose: () => file.close() };
}

async function openNameless(): Promise<FileHandle> {
  const name = path.join(os.tmpdir(), `palimpsest-import-${randomUUID()}`);
  const file = await open(name, 'wx+', 0o600);
  await unlink(name);
  return file;
}

async function* readLines(file: FileHandle, maxLineBytes: number): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(maxLineBytes);
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
    yield splitter.push(chunk as Buffer);
  }
  yield splitter.end();
}
