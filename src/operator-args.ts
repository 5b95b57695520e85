import { parseArgs } from 'node:util';
import { AppError } from './errors.js';

/** A name may hold line breaks, and what a terminal takes for commands: shown, it must be neither a row nor one of those. */
export const toRow = (...cells: string[]): string =>
  cells.map((cell) => cell.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')).join('\t');

/** @throws AppError INVALID_INPUT for options that there are not */
export function readArgs(args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']) {
  try {
    return parseArgs({ args: [...args], options: options ?? {}, allowPositionals: true });
  } catch (error) {
    throw new AppError(
      'INVALID_INPUT',
      `${error instanceof Error ? error.message : String(error)}\nSee palimpsest help.`,
    );
  }
}
