import { z } from 'zod';
import { AppError } from '../errors.js';

/** Checks an input whole and fills its defaults. @throws AppError INVALID_INPUT naming the first field at fault. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.');
  throw new AppError('INVALID_INPUT', `${field ? `${field}: ` : ''}${toSentence(issue)}`, { field });
}

/** Says what was expected, never what was sent: the value may be a memory's text or a secret. */
function toSentence(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type' && issue.input === undefined) return 'is required';
  return issue?.message ?? 'is not valid';
}

// PostgreSQL stores neither NUL nor half a surrogate pair: refused here, they would be a server fault there.
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Text of 1 to `max` UTF-16 units that is not blank and that the database can hold as it is. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.trim() !== '', 'must not be blank')
    .refine((value) => !UNSTORABLE.test(value), 'holds a NUL or an unpaired surrogate, which can not be stored');

/** Left out and null mean the same at both doors. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID')
  .transform((value) => value.toLowerCase());

/** A Date, or an ISO 8601 string with a zone; kept to the millisecond. */
export const instant = z.union([z.date(), z.iso.datetime({ offset: true }).transform((value) => new Date(value))], {
  error: 'must be an ISO 8601 timestamp with a zone, such as 2026-03-01T00:00:00Z',
});

// The index over tenant, source, channel and the beginning of a text must stay under PostgreSQL's row limit of 2,704 bytes.
export const tenantId = optional(text(128));
export const source = text(128);
export const sessionId = optional(text(200));
export const topic = text(128);

/** How the default tenant is stored: tenants are part of keys, and a key holds no null. */
export const storedTenant = (id: string | undefined): string => id ?? '';
