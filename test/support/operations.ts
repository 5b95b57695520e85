import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
} from 'graphql';
import { schema } from '../../src/graphql/schema.js';

/** A UUID of nothing. */
export const NOBODY = '00000000-0000-4000-8000-000000000000';

export interface RootField {
  /** Such as `Query.memories`. */
  name: string;
  kind: 'query' | 'mutation' | 'subscription';
  field: GraphQLField<unknown, unknown>;
}

const fieldsOf = (kind: RootField['kind'], root: GraphQLObjectType | null | undefined): RootField[] =>
  Object.values(root?.getFields() ?? {}).map((field) => ({ kind, field, name: `${root?.name}.${field.name}` }));

/** All that can be asked of the schema. */
export const ROOT_FIELDS: readonly RootField[] = [
  ...fieldsOf('query', schema.getQueryType()),
  ...fieldsOf('mutation', schema.getMutationType()),
  ...fieldsOf('subscription', schema.getSubscriptionType()),
];

/** A place for a value within the arguments of a field. */
export interface Place {
  of: RootField;
  /** Such as ['input', 'memoryId']. */
  path: readonly string[];
}

type Input = GraphQLArgument | GraphQLInputField;

const inputsOf = (type: GraphQLInputType): Input[] => {
  const named = getNamedType(type);
  return isInputObjectType(named) ? Object.values(named.getFields()) : [];
};

/** Every place, however deep, that `isWanted`. */
export function placesOf(isWanted: (input: Input) => boolean): Place[] {
  const within = (of: RootField, path: readonly string[], inputs: readonly Input[]): Place[] =>
    inputs.flatMap((input) => [
      ...(isWanted(input) ? [{ of, path: [...path, input.name] }] : []),
      ...within(of, [...path, input.name], inputsOf(input.type)),
    ]);
  return ROOT_FIELDS.flatMap((of) => within(of, [], of.field.args));
}

type Given = Readonly<Record<string, string>>;

/** A document that asks for a field: with what it requires, and with `given` values (GraphQL literals) by path, such as input.memoryId. */
export function documentOf({ kind, field }: RootField, given: Given = {}): string {
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  const args = literals(field.args, '', given);
  return `${kind} { ${field.name}${args === '' ? '' : `(${args})`}${selection} }`;
}

function literals(inputs: readonly Input[], at: string, given: Given): string {
  return inputs
    .flatMap((input) => {
      const path = at === '' ? input.name : `${at}.${input.name}`;
      const isGiven = Object.keys(given).some((one) => one === path || one.startsWith(`${path}.`));
      if (!isGiven && (!isNonNullType(input.type) || input.defaultValue !== undefined)) return [];
      return [`${input.name}: ${given[path] ?? sample(input.type, path, given)}`];
    })
    .join(', ');
}

const SAMPLES: Given = {
  ID: `"${NOBODY}"`,
  DateTime: '"2026-01-01T00:00:00Z"',
  Cursor: '"0"',
  Int: '1',
  Boolean: 'true',
};

function sample(type: GraphQLInputType, path: string, given: Given): string {
  const named = getNamedType(type);
  if (isInputObjectType(named)) return `{ ${literals(inputsOf(named), path, given)} }`;
  if (isEnumType(named)) return named.getValues()[0]?.name ?? '';
  return SAMPLES[named.name] ?? '"x"';
}

export interface Outcome {
  data?: unknown;
  errors?: { message: string; extensions: { code: string; field?: string } }[];
}

interface Server {
  fetch(request: Request): Promise<Response>;
}

/** The first result of an operation of any kind, as a caller with this key is given it. */
export async function firstResult(
  app: Server,
  key: string,
  { kind }: Pick<RootField, 'kind'>,
  query: string,
): Promise<Outcome> {
  const results = resultsOf(app, key, query, kind === 'subscription');
  const { value } = await results.next();
  await results.return(undefined);
  return value ?? {};
}

/** What an operation brings, one after the other. */
export async function* resultsOf(app: Server, key: string, query: string, isStreamed = true): AsyncGenerator<Outcome> {
  const accept = isStreamed ? 'text/event-stream' : 'application/json';
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept };
  const leave = new AbortController();
  const response = await app.fetch(
    new Request('http://palimpsest/graphql', {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
      signal: leave.signal,
    }),
  );
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    yield (await response.json()) as Outcome;
    return;
  }
  try {
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        const [, data] = /^data: ?(\{.*\})$/m.exec(frame) ?? [];
        if (data !== undefined) yield JSON.parse(data) as Outcome;
      }
    }
  } finally {
    leave.abort();
  }
}
