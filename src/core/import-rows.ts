import { z } from 'zod';
import { AppError } from '../errors.js';
import { isNestedTooDeep } from './rules/nesting.js';
import type { Line } from '../store/line-splitter.js';
import { content, factFields } from './add-memories-input.js';
import { tenantOf } from './authorize.js';
import type { Caller } from './deps.js';
import { parseInput } from './parse-input.js';

const NOT_IN_BULK = 'can not be imported: a row is one fact as it is';
const absent = z.literal(false, NOT_IN_BULK).nullish();

const rowInput = z.object({ messages: absent, supersedes: absent, autoSupersede: absent, content, ...factFields });

export type CheckedFact = Omit<z.output<typeof rowInput>, 'messages' | 'supersedes' | 'autoSupersede'>;

/** A line of an import: the fact that it holds, or why it holds none. */
export type Row = { line: number; bytes: number } & ({ fact: CheckedFact } | { error: AppError });

/** How a door names a fact's fields: to the core's names. */
export type Rename = (row: Readonly<Record<string, unknown>>) => Record<string, unknown>;

export interface Reading {
  rename: Rename;
  /** Who imports: of rows of a tenant that is not theirs none is taken. */
  caller: Pick<Caller, 'boundTenant'>;
  /** The tenant of rows that name none. */
  tenantId: string | undefined;
  maxLineBytes: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a line as a fact. */
export function toRow({ number: line, bytes }: Line, reading: Reading): Row {
  const size = { line, bytes: bytes?.length ?? 0 };
  try {
    const row = reading.rename(toObject(bytes, reading.maxLineBytes));
    const fact = parseInput(rowInput, { ...row, tenantId: row['tenantId'] ?? reading.tenantId });
    return { ...size, fact: { ...fact, tenantId: tenantOf(reading.caller, fact.tenantId) } };
  } catch (error) {
    if (error instanceof AppError) return { ...size, error };
    throw error;
  }
}

function toObject(bytes: Buffer | null, maxBytes: number): Record<string, unknown> {
  if (!bytes) throw new AppError('BODY_TOO_LARGE', `The line is longer than ${maxBytes} bytes.`);
  if (isNestedTooDeep(bytes)) throw new AppError('INVALID_INPUT', 'The line is nested too deep.');
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new AppError('INVALID_JSON', 'The line is not valid JSON in UTF-8.', { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new AppError('INVALID_INPUT', 'The line must be a JSON object.');
}
