import {
  getNamedType,
  GraphQLError,
  isUnionType,
  Kind,
  OperationTypeNode,
  parse,
  validate,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { AppError } from '../errors.js';

/** A subscription to events as a filter and as a payload, each from after a cursor. */
export interface WebhookDocument {
  /** Name under which the payload holds its one field. */
  field: string;
  /** The same arguments, with nothing selected but the event's cursor. */
  toMatch(after: bigint): DocumentNode;
  /** The document as given, with what an envelope needs selected along. */
  toPayload(after: bigint): DocumentNode;
}

/** What is selected along, under names that no caller would choose. */
export const ENVELOPE = { cursor: '_envelopeCursor', kind: '_envelopeKind', at: '_envelopeAt' } as const;

const refusal = (why: string): AppError => new AppError('INVALID_INPUT', `document: ${why}`, { field: 'document' });

const EVENT = 'MemoryEvent';

const ALONG = (names: Partial<typeof ENVELOPE>): SelectionNode => ({
  kind: Kind.INLINE_FRAGMENT,
  typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: EVENT } },
  selectionSet: {
    kind: Kind.SELECTION_SET,
    selections: Object.entries(names).map(([field, alias]) => ({
      kind: Kind.FIELD,
      alias: { kind: Kind.NAME, value: alias },
      name: { kind: Kind.NAME, value: field },
    })),
  },
});

/**
 * Reads a webhook's document: one subscription to one feed of events, without variables; where it begins is the webhook's
 * to say. @throws AppError INVALID_INPUT
 */
export function readDocument(schema: GraphQLSchema, text: string): WebhookDocument {
  const document = parsed(text);
  const operation = operationOf(document);
  const root = rootOf(operation);
  assertFeed(schema, root);
  const field = (root.alias ?? root.name).value;
  const from = (after: bigint, selections: readonly SelectionNode[]): DocumentNode =>
    withRoot(document, operation, {
      ...root,
      arguments: [
        ...(root.arguments ?? []),
        {
          kind: Kind.ARGUMENT,
          name: { kind: Kind.NAME, value: 'after' },
          value: { kind: Kind.STRING, value: after.toString() },
        },
      ],
      selectionSet: { kind: Kind.SELECTION_SET, selections },
    });
  const selected = root.selectionSet?.selections ?? [];
  const read: WebhookDocument = {
    field,
    toMatch: (after) => from(after, [ALONG({ cursor: ENVELOPE.cursor })]),
    toPayload: (after) => from(after, [...selected, ALONG(ENVELOPE)]),
  };
  const [error] = validate(schema, read.toPayload(0n), undefined, { hideSuggestions: true });
  if (error) throw refusal(error.message);
  return read;
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text, { noLocation: true, maxTokens: 2_000 });
  } catch (error) {
    throw refusal(error instanceof GraphQLError ? error.message : 'can not be read');
  }
}

function operationOf({ definitions }: DocumentNode): OperationDefinitionNode {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION || operations.length > 1)
    throw refusal('must hold one operation, a subscription');
  if (operation.variableDefinitions?.length) throw refusal('takes no variables: write the values into it');
  return operation;
}

function rootOf({ selectionSet: { selections } }: OperationDefinitionNode): FieldNode {
  const [root] = selections;
  if (root?.kind !== Kind.FIELD || selections.length > 1) throw refusal('must select one field of Subscription');
  if (root.arguments?.some(({ name }) => name.value === 'after'))
    throw refusal('leave out "after": a webhook keeps its own position');
  return root;
}

/** A feed can be followed from a cursor, and gives events; other subscriptions would tell no position to resume from. */
function assertFeed(schema: GraphQLSchema, { name }: FieldNode): void {
  const field = schema.getSubscriptionType()?.getFields()[name.value];
  if (!field) return; // validation says it better
  const type = getNamedType(field.type);
  const isFeed = field.args.some(({ name: arg }) => arg === 'after') && isUnionType(type);
  if (!isFeed || !type.getTypes().some((member) => member.name === EVENT))
    throw refusal(`${name.value} is no feed of events with a cursor`);
}

const withRoot = (document: DocumentNode, operation: OperationDefinitionNode, root: FieldNode): DocumentNode => ({
  ...document,
  definitions: document.definitions.map((one) =>
    one === operation ? { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: [root] } } : one,
  ),
});
