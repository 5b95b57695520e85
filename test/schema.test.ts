import { readFileSync } from 'node:fs';
import {
  getNamedType,
  GraphQLList,
  GraphQLNonNull,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  printSchema,
  validateSchema,
  type GraphQLNamedType,
  type GraphQLType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../src/graphql/schema.js';

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !(isScalarType(type) && isSpecifiedScalarType(type)),
);

interface Described {
  name: string;
  description: string | null | undefined;
}

/** Everything of a type that a reader of the schema meets, by its path. */
function partsOf(type: GraphQLNamedType): Described[] {
  const self = { name: type.name, description: type.description };
  if (isEnumType(type)) return [self, ...type.getValues().map((value) => part(type.name, value))];
  if (isInputObjectType(type)) return [self, ...Object.values(type.getFields()).map((field) => part(type.name, field))];
  if (!isObjectType(type) && !isInterfaceType(type)) return [self];
  const fields = Object.values(type.getFields());
  return [
    self,
    ...fields.flatMap((field) => [
      part(type.name, field),
      ...field.args.map((arg) => part(`${type.name}.${field.name}`, arg)),
    ]),
  ];
}

const part = (owner: string, { name, description }: Described): Described => ({
  name: `${owner}.${name}`,
  description,
});

const isList = (type: GraphQLType): boolean =>
  type instanceof GraphQLNonNull ? isList(type.ofType) : type instanceof GraphQLList;

/** Lists that are no connections, each with what bounds it. */
const BOUNDED: Record<string, string> = {
  'Memory.supersedes': 'the versions that one write replaced',
  'Timeline.entries': 'the versions of one fact',
  'WebhookDeliveryConnection.edges': 'a page',
  'Query.webhooks': '20 an account',
  'MemoryConnection.edges': 'a page',
  'MemoryConnection.nodes': 'a page',
  'MemoryEventConnection.edges': 'a page',
  'Audit.history': 'what happened to one memory',
  'AuditEvent.details': 'the fields of one event',
  'AddMemoriesPayload.memories': 'the facts of one input',
  'AddMemoriesPayload.extracted': 'the facts of one input',
  'AddMemoriesPayload.skipped': 'the facts of one input',
  'AddMemoriesPayload.supersessions': 'a few candidates per fact of one input',
  'AddMemoriesPayload.facts': 'the facts of one input',
  'FactOutcome.supersessions': 'a few candidates per fact',
  'SupersessionProposalConnection.edges': 'a page',
  'SearchConnection.edges': 'a page',
  'ErasureCertificateConnection.edges': 'a page',
  'PlanStatus.tokenUsage': 'a thousand rows',
  'Query.supersessionPrecision': 'a thousand rows',
  'Answer.citations': 'the limit of the question',
  'Answer.memories': 'the limit of the question',
  'Answer.sentences': 'the sentences of one answer',
  'AnswerChange.came': 'the limit of the question',
  'AnswerChange.went': 'the limit of the question',
  'AnswerSentence.citations': 'the limit of the question',
  'Citation.sentences': 'the sentences of one answer',
  'ApiKey.scopes': 'the scopes that there are',
  'ApiKeyConnection.edges': 'a page',
  'Settings.excludedCategories': 'the limit of the input',
};

describe('the schema', () => {
  it('is valid', () => {
    expect(validateSchema(schema)).toEqual([]);
  });

  it('is the one in schema.graphql (else run npm run codegen)', () => {
    expect(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')).toBe(`${printSchema(schema)}\n`);
  });

  it('describes every type, field, argument, input field and enum value', () => {
    const parts = types.flatMap(partsOf);
    expect(parts.length).toBeGreaterThan(100);
    expect(parts.filter(({ description }) => !description?.trim()).map(({ name }) => name)).toEqual([]);
  });

  it('has no list but pages and those that something bounds', () => {
    const lists = types
      .filter((type) => isObjectType(type) || isInterfaceType(type))
      .flatMap((type) =>
        Object.values(type.getFields()).flatMap((field) => (isList(field.type) ? [`${type.name}.${field.name}`] : [])),
      );
    expect(lists.filter((name) => !(name in BOUNDED))).toEqual([]);
    expect(Object.keys(BOUNDED).filter((name) => !lists.includes(name))).toEqual([]);
  });

  it('has no list that may hold null', () => {
    const mayHoldNull = (type: GraphQLType): boolean => {
      if (type instanceof GraphQLNonNull) return mayHoldNull(type.ofType);
      return type instanceof GraphQLList && !(type.ofType instanceof GraphQLNonNull);
    };
    const fields = types
      .filter((type) => isObjectType(type) || isInputObjectType(type))
      .flatMap((type) =>
        (Object.values(type.getFields()) as { name: string; type: GraphQLType }[])
          .filter((field) => mayHoldNull(field.type))
          .map((field) => `${type.name}.${field.name}`),
      );
    expect(fields).toEqual([]);
  });

  it('gives each mutation one required argument, input, of a type of its own', () => {
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    expect(mutations.length).toBeGreaterThan(0);
    for (const { name, args } of mutations) {
      expect(
        args.map((arg) => arg.name),
        name,
      ).toEqual(['input']);
      expect(args[0]?.type, name).toBeInstanceOf(GraphQLNonNull);
    }
    const inputs = mutations.map(({ args: [input] }) => input && getNamedType(input.type).name);
    expect(new Set(inputs).size).toBe(mutations.length);
  });

  it('lets every connection be paged', () => {
    const connections = types
      .filter((type) => isObjectType(type))
      .flatMap((type) => Object.values(type.getFields()))
      .filter((field) => getNamedType(field.type).name.endsWith('Connection'));
    expect(connections.length).toBeGreaterThan(0);
    for (const { name, args } of connections) {
      expect(
        args.map((arg) => arg.name),
        name,
      ).toEqual(expect.arrayContaining(['first', 'after']));
    }
  });
});
