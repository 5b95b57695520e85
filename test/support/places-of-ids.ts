import {
  getNamedType,
  getNullableType,
  GraphQLEnumType,
  GraphQLInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
} from 'graphql';
import { schema } from '../../src/graphql/schema.js';
import { ROUTES } from '../../src/rest/routes.js';

/** A place of the GraphQL schema that takes an id, as an operation with that id as `$id`-like variables. */
export interface IdPlace {
  /** Such as `supersedeMemory.memoryId`. */
  name: string;
  query: string;
  /** Its variables with this id there, and with `own`, an id of the caller's, in all other places that need one. */
  variables: (id: string, own: string) => object;
}

/** Beside what is required: what makes an input one that is carried out. */
const NEEDED: Readonly<Record<string, object>> = {
  addMemories: { content: 'A fact of the attacker.' },
  supersedeMemory: { validTo: '2026-01-01T00:00:00Z' },
};

const SAMPLES: Readonly<Record<string, unknown>> = {
  String: 'x',
  Int: 1,
  Float: 0.5,
  Boolean: true,
  DateTime: '2026-01-01T00:00:00Z',
  Cursor: '0',
};

/** Every place of the schema that takes an id, also those that are added tomorrow. */
export function idPlaces(): IdPlace[] {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  return Object.entries(roots).flatMap(([kind, root]) =>
    Object.values(root?.getFields() ?? {}).flatMap((field) => placesOf(kind, field)),
  );
}

function placesOf(kind: string, field: GraphQLField<unknown, unknown>): IdPlace[] {
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
  const query = `${kind} (${declared}) { ${field.name}(${given}) ${selection} }`;
  return field.args.flatMap((arg): IdPlace[] => {
    const input = getNullableType(arg.type);
    if (isId(input)) {
      return [place(field, query, arg.name, (id, own) => ({ ...required(field.args, own), [arg.name]: id }))];
    }
    if (!(input instanceof GraphQLInputObjectType)) return [];
    const fields = Object.values(input.getFields());
    return fields
      .filter(({ type }) => isId(getNullableType(type)))
      .map(({ name }) =>
        place(field, query, name, (id, own) => ({
          [arg.name]: { ...required(fields, own), ...NEEDED[field.name], [name]: id },
        })),
      );
  });
}

const place = (field: { name: string }, query: string, at: string, variables: IdPlace['variables']): IdPlace => ({
  name: `${field.name}.${at}`,
  query,
  variables,
});

const isId = (type: GraphQLInputType): boolean => String(type) === 'ID';

const required = (inputs: readonly (GraphQLArgument | GraphQLInputField)[], own: string): Record<string, unknown> =>
  Object.fromEntries(
    inputs.filter(({ type }) => isNonNullType(type)).map(({ name, type }) => [name, sample(type, own)]),
  );

function sample(given: GraphQLInputType, own: string): unknown {
  const type = getNullableType(given);
  if (isListType(type)) return [sample(type.ofType, own)];
  if (type instanceof GraphQLInputObjectType) return required(Object.values(type.getFields()), own);
  if (type instanceof GraphQLEnumType) return type.getValues()[0]?.name;
  return isId(type) ? own : SAMPLES[String(type)];
}

/** Every route of REST with an id in its path. */
export const idRoutes = (): { method: string; path: (id: string) => string }[] =>
  ROUTES.filter(({ path }) => path.includes('{')).map(({ method, path }) => ({
    method,
    path: (id) => path.replace(/\{\w+\}/, id),
  }));
