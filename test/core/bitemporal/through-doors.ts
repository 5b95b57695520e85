import { expect } from 'vitest';
import type { Client } from '../../support/start-app.js';
import type { WireList, WireMemory } from '../../support/wire.js';

interface Shown {
  id: string;
  text: string;
  state: string;
  validFrom: string;
  validTo: string | null;
  knownTo: string | null;
}
const SHOWN = 'id text state validFrom validTo knownTo';

export interface AsOf {
  valid?: string;
  known?: string;
}

/** Stores a fact and gives its id. */
export async function store(client: Client, content: string, more: object = {}): Promise<string> {
  const { data, errors } = await client.graphql<{ addMemories: { memories: { id: string }[] } }>(
    'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { memories { id } } }',
    { input: { content, ...more } },
  );
  expect(errors).toBeUndefined();
  return data.addMemories.memories[0]?.id ?? '';
}

/** Runs a mutation with one input and gives its payload's memory; a refusal fails the test. */
export async function change(client: Client, mutation: string, input: object): Promise<Shown> {
  const { data, errors } = await client.graphql<Record<string, { memory: Shown }>>(documentOf(mutation), { input });
  expect(errors).toBeUndefined();
  const payload = data[mutation];
  if (!payload) throw new Error(`${mutation} gave nothing`);
  return payload.memory;
}

/** The refusal of a mutation: code and field. */
export async function refusalOf(client: Client, mutation: string, input: object): Promise<string> {
  const { errors } = await client.graphql(documentOf(mutation), { input });
  const { code = 'none', field = '' } = errors?.[0]?.extensions ?? {};
  return `${code} ${field}`.trim();
}

const documentOf = (mutation: string): string => {
  const input = `${(mutation[0] ?? '').toUpperCase()}${mutation.slice(1)}Input!`;
  return `mutation ($input: ${input}) { ${mutation}(input: $input) { memory { ${SHOWN} } cursor } }`;
};

/** The texts of a list, newest first; both doors must agree. */
export async function list(client: Client, { valid, known }: AsOf = {}, state?: string): Promise<string[]> {
  const query = new URLSearchParams({
    ...(valid === undefined ? {} : { as_of: valid }),
    ...(known === undefined ? {} : { transaction_as_of: known }),
    ...(state === undefined ? {} : { state: state.toLowerCase() }),
  });
  const rest = await client.rest<WireList>('GET', `/agent/memories?${query.toString()}`);
  expect(rest.status).toBe(200);
  const { data } = await client.graphql<{ memories: { nodes: Shown[] } }>(
    `query ($asOf: AsOf, $state: MemoryStateFilter) { memories(asOf: $asOf, state: $state) { nodes { ${SHOWN} } } }`,
    { asOf: { valid, known }, ...(state === undefined ? {} : { state }) },
  );
  expect(data.memories.nodes.map(({ id }) => id)).toEqual(rest.body.memories.map(({ id }) => id));
  return data.memories.nodes.map(({ text }) => text);
}

/** A timeline as [text, from day, to day, state]; both doors must agree. */
export async function timeline(client: Client, memoryId: string, { valid, known }: AsOf = {}) {
  const query = new URLSearchParams({
    ...(valid === undefined ? {} : { as_of: valid }),
    ...(known === undefined ? {} : { transaction_as_of: known }),
  });
  const rest = await client.rest<{ timeline: WireMemory[] }>(
    'GET',
    `/memories/${memoryId}/timeline?${query.toString()}`,
  );
  expect(rest.status).toBe(200);
  const { data } = await client.graphql<{ timeline: { entries: Shown[] } }>(
    `query ($id: ID!, $asOf: AsOf) { timeline(memoryId: $id, asOf: $asOf) { entries { ${SHOWN} } } }`,
    { id: memoryId, asOf: { valid, known } },
  );
  const { entries } = data.timeline;
  expect(entries.map(({ id }) => id)).toEqual(rest.body.timeline.map(({ id }) => id));
  expect(entries.map(({ validTo }) => validTo && day(validTo))).toEqual(
    rest.body.timeline.map(({ valid_to }) => valid_to && day(valid_to)),
  );
  return entries.map(({ text, validFrom, validTo, state }) => [text, day(validFrom), validTo && day(validTo), state]);
}

const day = (instant: string): string => instant.slice(0, 10);
