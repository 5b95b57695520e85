import { z } from 'zod';

/** What every server with structured output understands. Limits (minLength, maximum, ...) are refused by some; zod checks them. */
const KEYWORDS = new Set(['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'anyOf']);

function portable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(portable);
  if (typeof schema !== 'object' || schema === null) return schema;
  // Gemini takes no list of types.
  if ('type' in schema && Array.isArray(schema.type))
    return { anyOf: schema.type.map((type: unknown) => portable({ ...schema, type })) };
  const kept = Object.entries(schema).filter(([keyword]) => KEYWORDS.has(keyword));
  return Object.fromEntries(
    kept.map(([keyword, value]) => [
      keyword,
      // Names of fields are no keywords: each of them stays.
      keyword === 'properties'
        ? Object.fromEntries(Object.entries(value as object).map(([name, field]) => [name, portable(field)]))
        : portable(value),
    ]),
  );
}

const made = new WeakMap<z.ZodType, Record<string, unknown>>();

/** A reply's schema as JSON schema, in the strict subset of OpenAI's structured output. */
export function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const known = made.get(schema);
  if (known) return known;
  const json = portable(z.toJSONSchema(schema)) as Record<string, unknown>;
  made.set(schema, json);
  return json;
}
