import {
  getNamedType,
  isObjectType,
  Kind,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { authorize } from '../core/authorize.js';
import type { Context } from './builder.js';

type Resolve = GraphQLFieldResolver<unknown, Context>;

const READ = 'memories:read';

/** Fields that show memories by their own scope: answers with what they cite, proposals with what they are about. */
const SHOWING = new Set([
  'query',
  'answer',
  'answerChanged',
  'supersessionProposals',
  'supersessionProposed',
  'approveSupersession',
  'rejectSupersession',
]);
const HISTORY = new Set(['timeline', 'audit', 'supersededBy', 'supersedes']);

/**
 * The graph leads from every payload to memories and on to their history: without this a key that may only write, or only ask,
 * could read whatever it knows the id of. Refused before anything is written.
 */
export function guardReads(schema: GraphQLSchema): GraphQLSchema {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const field of roots.flatMap((root) => (root ? Object.values(root.getFields()) : []))) {
    const guarded =
      (resolve: Resolve): Resolve =>
      (root, args, context, info): unknown => {
        if (!context.caller.scopes.has(READ)) assertReadsNothingElse(context, info);
        return resolve(root, args, context, info);
      };
    const { resolve, subscribe } = field as { resolve?: Resolve; subscribe?: Resolve };
    if (subscribe) field.subscribe = guarded(subscribe);
    else if (resolve) field.resolve = guarded(resolve);
  }
  return schema;
}

function assertReadsNothingElse({ caller }: Context, info: GraphQLResolveInfo): void {
  const isShown = SHOWING.has(info.fieldName);
  const type = getNamedType(info.returnType);
  const names = info.fieldNodes.flatMap(({ selectionSet }) => memoryFields(selectionSet, type, info));
  if (names.some((name) => (isShown ? HISTORY.has(name) : name !== 'id' && name !== '__typename')))
    authorize(caller, READ);
}

/** Names of the fields of memories that a selection asks for, at any depth. */
function memoryFields(
  set: SelectionSetNode | undefined,
  parent: GraphQLNamedType | undefined,
  info: GraphQLResolveInfo,
): string[] {
  return (set?.selections ?? []).flatMap((selection) => {
    if (selection.kind === Kind.FIELD) {
      const name = selection.name.value;
      const field = isObjectType(parent) ? (parent as GraphQLObjectType).getFields()[name] : undefined;
      const below = field ? memoryFields(selection.selectionSet, getNamedType(field.type), info) : [];
      return parent?.name === 'Memory' ? [name, ...below] : below;
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : info.fragments[selection.name.value];
    const condition = fragment?.typeCondition?.name.value;
    return memoryFields(
      fragment?.selectionSet,
      condition === undefined ? parent : info.schema.getType(condition),
      info,
    );
  });
}
