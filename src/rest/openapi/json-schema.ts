import { z } from 'zod';
import { toWireName } from '../wire.js';

/** A JSON Schema (2020-12), as OpenAPI 3.1 uses it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What a verb takes, as JSON Schema under the core's names. */
const ofInput = (schema: z.ZodType): JsonSchema =>
  tidy(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));

/** What a verb takes in a body, under the names of the wire. `leaveOut` are fields that come another way. */
export function bodySchema(schema: z.ZodType, leaveOut: readonly string[] = []): JsonSchema {
  const { $schema: _dialect, properties = {}, required = [], ...rest } = ofInput(schema);
  const kept = Object.entries(properties).filter(([name]) => name !== 'asOf' && !leaveOut.includes(name));
  const { asOf } = properties;
  const times =
    asOf === undefined
      ? []
      : Object.entries(notNull(asOf as JsonSchema).properties ?? {}).map(([axis, time]) => [
          toWireName(`asOf.${axis}`),
          time,
        ]);
  const needed = required.filter((name) => !leaveOut.includes(name));
  return toWire({
    ...rest,
    properties: { ...Object.fromEntries(kept), ...(Object.fromEntries(times) as object) },
    ...(needed.length > 0 && { required: needed }),
  });
}

/** One field of what a verb takes, for a query parameter: left out where a body would say null. */
export function fieldSchema(schema: z.ZodType, path: string): JsonSchema {
  const found = path.split('.').reduce<JsonSchema>((at, name) => {
    const field = notNull(at).properties?.[name];
    if (field === undefined) throw new Error(`${path} is no field of what the verb takes`);
    return field as JsonSchema;
  }, ofInput(schema));
  return notNull(found);
}

/** The named shapes of replies as components that point at one another. */
export function replySchemas(shapes: Readonly<Record<string, z.ZodType>>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(shapes)) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [id, open(schema)]),
  );
}

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same for every schema within. */
function mapSchemas(value: unknown, change: (schema: JsonSchema) => JsonSchema): unknown {
  if (Array.isArray(value)) return value.map((one) => mapSchemas(one, change));
  if (!isObject(value)) return value;
  const inner = Object.entries(value).map(([name, one]) => [name, mapSchemas(one, change)]);
  return change(Object.fromEntries(inner) as JsonSchema);
}

/** A choice between anything at all (a Date, a bigint: nothing that JSON has) and something: the something. */
const tidy = (schema: JsonSchema): JsonSchema =>
  mapSchemas(schema, (one) => {
    const choices = one.anyOf?.filter((choice) => Object.keys(choice).length > 0);
    if (!choices) return one;
    const { anyOf: _anyOf, ...rest } = one;
    const [only] = choices;
    return choices.length === 1 && isObject(only) ? { ...rest, ...only } : { ...rest, anyOf: choices };
  }) as JsonSchema;

/** A later version may say more. */
const open = (schema: JsonSchema): JsonSchema =>
  mapSchemas(schema, ({ additionalProperties, ...rest }) =>
    additionalProperties === undefined || additionalProperties === false ? rest : { ...rest, additionalProperties },
  ) as JsonSchema;

function notNull(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema.type)) {
    const types = (schema.type as string[]).filter((type) => type !== 'null');
    return { ...schema, type: types[0] as 'string' };
  }
  const choices = schema.anyOf?.filter((choice) => choice.type !== 'null');
  const [only] = choices ?? [];
  return choices?.length === 1 && isObject(only) ? only : schema;
}

/** Fields by their names on the wire, at every depth. */
function toWire(schema: JsonSchema): JsonSchema {
  return mapSchemas(schema, (one) => {
    if (!isObject(one.properties)) return one;
    const named = Object.entries(one.properties).map(([name, field]) => [toWireName(name), field]);
    const required = one.required?.map(toWireName);
    return { ...one, properties: Object.fromEntries(named) as object, ...(required ? { required } : {}) } as JsonSchema;
  }) as JsonSchema;
}
