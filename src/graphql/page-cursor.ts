import { AppError } from '../errors.js';

export const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;

const invalid = (field: string, message: string) => new AppError('INVALID_INPUT', `${field}: ${message}`, { field });

/** How many rows a page holds. @throws AppError INVALID_INPUT */
export function pageSize(field: string, size: number): number {
  if (size < 1 || size > MAX_PAGE) throw invalid(field, `must be between 1 and ${MAX_PAGE}`);
  return size;
}

/** A position in a list, from the sequence number that orders it. */
export const toPageCursor = (sequence: bigint): string => Buffer.from(`m:${sequence}`).toString('base64url');

/** The sequence number in a cursor of ours. @throws AppError INVALID_INPUT */
export function toSequence(field: string, cursor: string | null | undefined): bigint | undefined {
  if (cursor == null) return undefined;
  const [, digits] = /^m:(\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (digits === undefined) throw invalid(field, 'is not a cursor of this list');
  return BigInt(digits);
}

interface Position {
  at: Date;
  createdSeq: bigint;
}

/** A place in a list of memories. */
export const toMemoryCursor = ({ at, createdSeq }: Position): string =>
  Buffer.from(`p:${at.getTime()}:${createdSeq}`).toString('base64url');

/** The place in a cursor of ours. @throws AppError INVALID_INPUT */
export function toPosition(field: string, cursor: string | null | undefined): Position | undefined {
  if (cursor == null) return undefined;
  const [, ms, seq] = /^p:(-?\d{1,15}):(\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms === undefined || seq === undefined) throw invalid(field, 'is not a cursor of this list');
  return { at: new Date(Number(ms)), createdSeq: BigInt(seq) };
}
