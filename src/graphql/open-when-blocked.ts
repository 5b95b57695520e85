import type { GraphQLFieldResolver, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { assertNotBlocked } from '../core/admit.js';
import type { Context } from './builder.js';

/** What a blocked account may still ask for: what neither stores nor gives memories. The same as at the REST door. */
const OPEN = new Set([
  'planStatus',
  'settings',
  'updateSettings',
  'deleteMemories',
  'eraseSubject',
  'erasureCertificates',
  'viewer',
  'apiKeys',
  'createApiKey',
  'updateApiKey',
  'rotateApiKey',
  'revokeApiKey',
  'setPlan',
]);

type Resolve = GraphQLFieldResolver<unknown, Context>;

/** Puts the account's block before every other field of the root types: none can be forgotten when one is added. */
export function refuseBlocked(schema: GraphQLSchema): GraphQLSchema {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const field of roots.flatMap((root) => (root ? fieldsOf(root) : []))) {
    if (OPEN.has(field.name)) continue;
    const { resolve, subscribe } = field as { resolve?: Resolve; subscribe?: Resolve };
    if (subscribe) field.subscribe = guarded(subscribe);
    else if (resolve) field.resolve = guarded(resolve);
  }
  return schema;
}

const fieldsOf = (root: GraphQLObjectType) => Object.values(root.getFields());

const guarded =
  (resolve: Resolve): Resolve =>
  (root, args, context, info): unknown => {
    assertNotBlocked(context.caller);
    return resolve(root, args, context, info);
  };
