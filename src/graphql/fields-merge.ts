import {
  getNamedType,
  GraphQLError,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  print,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  typeFromAST,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLOutputType,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { breadthOf } from './breadth.js';

interface Field {
  node: FieldNode;
  parent: GraphQLCompositeType;
  definition: GraphQLField<unknown, unknown> | undefined;
}

/** A selection set, and the type that it selects from. */
type Part = [set: SelectionSetNode, type: GraphQLCompositeType];

/** Of all operations of a document, however few each selects. */
const MAX_FIELDS = 6_000;

/**
 * "Field selection merging" of the specification, for what may run: whether fields that answer under one name are one field. The
 * rule of the library compares them in pairs, and what they hold in pairs again: a document of 2,000 tokens keeps it busy for half a
 * second. Here all of one name are compared with the first, and what they hold is looked at as one set. `maxBreadth`: operations of more
 * fields (what introspection holds is not counted) are left to whoever refuses them before they run, and fragments in a circle to the rule
 * that finds those.
 */
export const fieldsMerge =
  (maxBreadth: number): ValidationRule =>
  (context) => {
    const fragment = (name: string) => context.getFragment(name)?.selectionSet;
    const breadth = breadthOf(fragment);
    const refusedBreadth = breadthOf(fragment, (field) => !field.startsWith('__'));
    let total = 0;
    return {
      OperationDefinition: (operation) => {
        const own = breadth(operation.selectionSet);
        if (own > maxBreadth && refusedBreadth(operation.selectionSet) > maxBreadth) return false;
        total += own;
        if (own > maxBreadth || total > MAX_FIELDS) context.reportError(new GraphQLError('There are too many fields.'));
        else check(context, operation);
        return false; // what is in it has been looked at
      },
    };
  };

function check(context: ValidationContext, operation: OperationDefinitionNode): void {
  const root = context.getSchema().getRootType(operation.operation);
  if (!root) return;
  const conflict = findConflict(context, [[operation.selectionSet, root]]);
  if (!conflict) return;
  const [name, why, nodes] = conflict;
  const message = `Fields "${name}" conflict because ${why}. Use different aliases on the fields to fetch both if this was intentional.`;
  context.reportError(new GraphQLError(message, { nodes }));
}

type Conflict = [name: string, why: string, nodes: FieldNode[]];

function findConflict(context: ValidationContext, parts: readonly Part[]): Conflict | undefined {
  return findOtherShape(context, parts) ?? findOtherField(context, parts);
}

/** Whatever the type that it comes from: a reply has one shape. */
function findOtherShape(context: ValidationContext, parts: readonly Part[]): Conflict | undefined {
  for (const [name, fields] of byName(context, parts)) {
    // As the library: what is unknown goes with all, and so does __typename, whose text clients tell apart by where it came from.
    const typed = fields.filter(({ node, definition }) => definition && !node.name.value.startsWith('__'));
    const other = typed.find((field) => !isSameShape(typed[0]?.definition?.type, field.definition?.type));
    if (other) return [name, 'they return conflicting types', nodesOf(typed[0], other)];
    const below = findOtherShape(context, partsOf(fields));
    if (below) return below;
  }
  return undefined;
}

/** Of fields that may be of one object: they must be one field, with one set of arguments. */
function findOtherField(context: ValidationContext, parts: readonly Part[]): Conflict | undefined {
  for (const [name, fields] of byName(context, parts)) {
    for (const [first, ...others] of ofOneObject(fields)) {
      for (const other of others) {
        if (first.node.name.value !== other.node.name.value)
          return [
            name,
            `"${first.node.name.value}" and "${other.node.name.value}" are different fields`,
            nodesOf(first, other),
          ];
        if (argumentsOf(first.node) !== argumentsOf(other.node))
          return [name, 'they have differing arguments', nodesOf(first, other)];
      }
      const below = findOtherField(context, partsOf([first, ...others]));
      if (below) return below;
    }
  }
  return undefined;
}

/** Those of each object type with those of interfaces and unions, which it may be of; the latter alone where there are no others. */
function ofOneObject(fields: readonly Field[]): [Field, ...Field[]][] {
  const types = new Set(fields.map(({ parent }) => parent).filter(isObjectType));
  const groups =
    types.size === 0
      ? [fields]
      : [...types].map((type) => fields.filter(({ parent }) => !isObjectType(parent) || parent === type));
  return groups as [Field, ...Field[]][];
}

function isSameShape(a: GraphQLOutputType | undefined, b: GraphQLOutputType | undefined): boolean {
  if (!a || !b) return true;
  if (isNonNullType(a) || isNonNullType(b))
    return isNonNullType(a) && isNonNullType(b) && isSameShape(a.ofType, b.ofType);
  if (isListType(a) || isListType(b)) return isListType(a) && isListType(b) && isSameShape(a.ofType, b.ofType);
  return isCompositeType(a) ? isCompositeType(b) : a === b;
}

/** The fields of these sets by the names that they answer under, those of their fragments with them. */
function byName(context: ValidationContext, parts: readonly Part[]): Map<string, Field[]> {
  const found = new Map<string, Field[]>();
  const spread = new Set<string>();
  const collect = ([{ selections }, parent]: Part): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const field = { node: selection, parent, definition: definitionOf(context, parent, selection.name.value) };
        const others = found.get(name);
        if (others) others.push(field);
        else found.set(name, [field]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : context.getFragment(selection.name.value);
      if (!fragment) continue; // another rule says so
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(selection.name.value)) continue;
        spread.add(selection.name.value);
      }
      const type = fragment.typeCondition ? typeFromAST(context.getSchema(), fragment.typeCondition) : parent;
      if (isCompositeType(type)) collect([fragment.selectionSet, type]);
    }
  };
  parts.forEach(collect);
  return found;
}

const partsOf = (fields: readonly Field[]): Part[] =>
  fields.flatMap(({ node, definition }): Part[] => {
    const type = definition && getNamedType(definition.type);
    return node.selectionSet && isCompositeType(type) ? [[node.selectionSet, type]] : [];
  });

function definitionOf(context: ValidationContext, parent: GraphQLCompositeType, name: string): Field['definition'] {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (parent === context.getSchema().getQueryType()) {
    const meta = [SchemaMetaFieldDef, TypeMetaFieldDef].find((field) => field.name === name);
    if (meta) return meta;
  }
  return 'getFields' in parent ? parent.getFields()[name] : undefined;
}

const written = new WeakMap<FieldNode, string>();

/** The same text for the same arguments, in whatever order. */
function argumentsOf(node: FieldNode): string {
  const known = written.get(node);
  if (known !== undefined) return known;
  const text = (node.arguments ?? []).map(print).sort().join('\n');
  written.set(node, text);
  return text;
}

const nodesOf = (...fields: (Field | undefined)[]): FieldNode[] => fields.flatMap((field) => field?.node ?? []);
