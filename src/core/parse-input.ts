import { z } from 'zod';
import { AppError } from '../errors.js';

/** Checks an input whole and fills its defaults. @throws AppError INVALID_INPUT naming the first field at fault. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.');
  throw new AppError('INVALID_INPUT', `${field ? `${field}: ` : ''}${toSentence(issue, input)}`, { field });
}

/** Says what was expected, never what was sent: the value may be a memory's text or a secret. */
function toSentence(issue: z.core.$ZodIssue | undefined, input: unknown): string {
  if (issue?.code === 'invalid_type' && valueAt(input, issue.path) == null) return 'is required';
  return issue?.message ?? 'is not valid';
}

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((value, step) => (value as Record<PropertyKey, unknown> | null | undefined)?.[step], input);

// PostgreSQL stores neither NUL nor half a surrogate pair: refused here, they would be a server fault there.
const UNSTORABLE = /\0|\p{Surrogate}/u;
/** The same for the readers of the OpenAPI document; half a pair is nothing that JSON in UTF-8 could hold. */
const STORABLE_PATTERN = '^[^\\u0000]*$';
const TEXT_PATTERN = '^[^\\u0000]*[^\\s\\uFEFF\\u0000][^\\u0000]*$';

/** Text of up to `max` UTF-16 units that the database can hold as it is. */
export const storable = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !UNSTORABLE.test(value), 'holds a NUL or an unpaired surrogate, which can not be stored')
    .meta({ pattern: STORABLE_PATTERN });

/** Such text that is not blank. */
export const text = (max: number) =>
  storable(max)
    .refine((value) => value.trim() !== '', 'must not be blank')
    .meta({ minLength: 1, pattern: TEXT_PATTERN });

/** Left out and null mean the same at both doors. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

export const uuid = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'must be a UUID')
  .transform((value) => value.toLowerCase());

/** A Date, or an ISO 8601 string with a zone; kept to the millisecond. Other years PostgreSQL does not read in this form. */
export const instant = z
  .union([z.date(), z.iso.datetime({ offset: true }).transform((value) => new Date(value))], {
    error: 'must be an ISO 8601 timestamp with a zone, such as 2026-03-01T00:00:00Z',
  })
  .refine((date) => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999, 'must be in the years 1 to 9999');

/** A position in the account's sequence of events: as a number, or as the text of one. */
export const cursor = z.union(
  [
    z.bigint().min(0n),
    z
      .string()
      .regex(/^\d{1,18}$/)
      .transform(BigInt),
  ],
  {
    error: 'must be a cursor given out by this server',
  },
);

/** A cell of bi-temporal time: when it was true, as known when. */
export const asOf = optional(z.object({ valid: optional(instant), known: optional(instant) }));

// The index over tenant, source, channel and the beginning of a text must stay under PostgreSQL's row limit of 2,704 bytes.
export const tenantId = optional(text(128));
export const source = text(128);
export const sessionId = optional(text(200));
export const topic = text(128);

/** How the default tenant is stored: tenants are part of keys, and a key holds no null. */
export const storedTenant = (id: string | undefined): string => id ?? '';
