import type { Route } from '../call.js';
import { audit, memory, memoryList, temporal, timeline } from '../replies/memory.js';
import { answer, changeList, citation, planStatus, proofTree, refusal, settings } from '../replies/reads.js';
import {
  approved,
  autoSupersede,
  deleted,
  extracted,
  proposal,
  proposalList,
  rejected,
  saved,
  superseded,
} from '../replies/writes.js';
import { eventStream, importLines, importState } from '../replies/streams.js';
import { ROUTES } from '../routes.js';
import { replySchemas, type JsonSchema } from './json-schema.js';
import { OPERATIONS, type Operation } from './operations.js';
import { meaningOf, statusesOf } from './refusals.js';

const REPLIES = {
  Memory: memory,
  Temporal: temporal,
  MemoryList: memoryList,
  Timeline: timeline,
  Audit: audit,
  Saved: saved,
  Extracted: extracted,
  AutoSupersede: autoSupersede,
  Superseded: superseded,
  Deleted: deleted,
  Proposal: proposal,
  ProposalList: proposalList,
  Approved: approved,
  Rejected: rejected,
  Answer: answer,
  Citation: citation,
  ProofTree: proofTree,
  Settings: settings,
  PlanStatus: planStatus,
  ChangeList: changeList,
  Import: importState,
  ImportLines: importLines,
  EventStream: eventStream,
  Refusal: refusal,
};

const TAGS = [
  { name: 'Memories', description: 'Facts with their sources and both their times.' },
  { name: 'Questions', description: 'Answers that cite what they lean on.' },
  { name: 'Supersession', description: 'What replaced what, since when, and why.' },
  { name: 'Settings and plan', description: 'What a key decides, and what its account may use.' },
];

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const inMedia = (schema: object, media = 'application/json') => ({ [media]: { schema } });

function describe(route: Route, operation: Operation): object {
  const { id, tag, summary, description, parameters = {}, body, reply } = operation;
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: 'A UUID.',
    schema: { type: 'string', format: 'uuid' },
  }));
  const others = Object.entries(parameters).map(
    ([name, { schema, description: what, isRequired, isCommaSeparated }]) => ({
      name,
      in: /^[A-Z]/.test(name) ? 'header' : 'query',
      required: isRequired ?? false,
      description: what,
      schema,
      ...(isCommaSeparated && { style: 'form', explode: false }),
    }),
  );
  const [only] = reply;
  const shape = reply.length === 1 && only ? ref(only) : { oneOf: reply.map(ref) };
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(inPath.length + others.length > 0 && { parameters: [...inPath, ...others] }),
    ...(body && {
      requestBody: { required: !body.isOptional, content: inMedia(ref(bodyName(operation)), body.media) },
    }),
    responses: {
      200: { description: 'Done.', content: inMedia(shape, operation.media) },
      ...Object.fromEntries(
        statusesOf(route, operation).map((status) => [status, { $ref: `#/components/responses/${status}` }]),
      ),
    },
  };
}

const bodyName = ({ id }: Operation): string => `${id.charAt(0).toUpperCase()}${id.slice(1)}Input`;

function bodySchemas(): Record<string, JsonSchema> {
  const withBody = Object.values(OPERATIONS).flatMap((one) =>
    one.body ? [[bodyName(one), one.body.schema] as const] : [],
  );
  return Object.fromEntries(withBody);
}

function paths(): Record<string, Record<string, object>> {
  const all: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    const operation = OPERATIONS[`${route.method} ${route.path}`];
    if (operation) (all[route.path] ??= {})[route.method.toLowerCase()] = describe(route, operation);
  }
  return all;
}

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } };

function responses(): Record<string, object> {
  const statuses = new Set(
    ROUTES.flatMap((route) => {
      const operation = OPERATIONS[`${route.method} ${route.path}`];
      return operation ? statusesOf(route, operation) : [];
    }),
  );
  const render = (status: number) => ({
    description: meaningOf(status),
    ...((status === 429 || status === 503) && { headers: RETRY_AFTER }),
    content: inMedia(ref('Refusal')),
  });
  return Object.fromEntries([...statuses].sort((a, b) => a - b).map((status) => [status, render(status)]));
}

/** The OpenAPI 3.1 document of the REST door: its paths are those of the route table, its inputs what the verbs check. */
export const openApiDocument = () => ({
  openapi: '3.1.0',
  info: {
    title: 'Palimpsest',
    version: '1.0.0',
    summary: 'Bi-temporal memory for AI agents.',
    description:
      "Stores what an agent learns, answers with citations, and keeps every version of every fact. Compatible with Aurra's documented API.",
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    contact: { name: 'Palimpsest' },
  },
  servers: [{ url: '/', description: 'This server.' }],
  security: [{ apiKey: [] }],
  tags: TAGS,
  paths: paths(),
  components: {
    securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `aurra_...`' } },
    responses: responses(),
    schemas: { ...bodySchemas(), ...replySchemas(REPLIES) },
  },
});

/** The same as text, as it is served and committed. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`;
