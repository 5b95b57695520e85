import SchemaBuilder, { initContextCache } from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { GraphQLError, Kind } from 'graphql';
import type { Caller, Deps } from '../core/deps.js';
import { instant } from '../core/parse-input.js';
import { readSettings } from '../core/settings.js';
import type PrismaTypes from '../generated/pothos-types.js';
import { getDatamodel } from '../generated/pothos-types.js';
import { costLimits } from './limits.js';

/** What resolvers work with: made once per request or socket operation. */
export interface Context {
  deps: Deps;
  caller: Caller;
  /** The key's settings, read at most once per operation. */
  settings: () => ReturnType<typeof readSettings>;
}

/** The context of one operation: settings are read when first asked for, and then once. */
export function operationContext(deps: Deps, caller: Caller): Context {
  let settings: ReturnType<typeof readSettings> | undefined;
  // Copies of a context share what the library has noted in it.
  return { ...initContextCache(), deps, caller, settings: () => (settings ??= readSettings(deps, caller)) };
}

interface SchemaTypes {
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    Cursor: { Input: bigint; Output: bigint };
    ID: { Input: string; Output: string };
  };
}

export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ComplexityPlugin, RelayPlugin, PrismaPlugin],
  complexity: costLimits,
  defaultFieldNullability: false,
  prisma: {
    client: ({ deps }) => deps.db,
    dmmf: getDatamodel(),
    onUnusedQuery: 'error',
  },
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: { description: 'Whether there is more after it.' },
    hasPreviousPageFieldOptions: { description: 'Whether there is more before it.' },
    startCursorFieldOptions: { description: 'Cursor of its first edge; null for an empty page.' },
    endCursorFieldOptions: { description: 'Cursor of its last edge; null for an empty page.' },
    pageInfoFieldOptions: { description: 'Where the page lies in the list.' },
    edgesFieldOptions: { description: 'What the page holds, each with its cursor.' },
    nodeFieldOptions: { description: 'The one it stands for.' },
    cursorFieldOptions: { description: 'Its place in the list: give it as after or before.' },
  },
});

builder.queryType({ description: 'Reads. Every list is a connection; nothing leaves the account of the API key.' });
builder.mutationType({ description: 'Writes, and questions. Each takes one input object and answers with a payload.' });
builder.subscriptionType({
  description: 'Live feeds, over graphql-ws or SSE. Resume with the cursor of the last event.',
});

/** Read as the core reads it, so that both doors take the same instants. */
const toDate = (value: unknown): Date => {
  const parsed = instant.safeParse(value);
  if (!parsed.success) throw new GraphQLError(parsed.error.issues[0]?.message ?? 'must be a timestamp');
  return parsed.data;
};

builder.scalarType('DateTime', {
  description: 'An instant: RFC 3339 with a zone, given out in UTC to the millisecond.',
  serialize: (value) => value.toISOString(),
  parseValue: toDate,
  parseLiteral: (node) => toDate(node.kind === Kind.STRING ? node.value : undefined),
});

const toCursor = (value: unknown): bigint => {
  if (typeof value !== 'string' || !/^\d{1,18}$/.test(value))
    throw new GraphQLError('must be a cursor given out by this server');
  return BigInt(value);
};

builder.scalarType('Cursor', {
  description: "A position in the account's sequence of events: opaque, ordered, safe to store.",
  serialize: (value) => value.toString(),
  parseValue: toCursor,
  parseLiteral: (node) => toCursor(node.kind === Kind.STRING ? node.value : undefined),
});
