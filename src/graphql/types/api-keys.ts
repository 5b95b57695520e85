import { listKeys, viewer, type ApiKey as StoredKey, type Viewer as ViewerShape } from '../../core/list-keys.js';
import type { Scope } from '../../core/rules/scopes.js';
import { builder } from '../builder.js';
import { keyPageArgs, toKeyConnection } from '../key-connection.js';

export const ApiKeyScope = builder.enumType('ApiKeyScope', {
  description: 'What an API key may do. Scopes stand each for itself: none holds another.',
  values: {
    MEMORIES_READ: { value: 'memories:read', description: 'Memories, timelines, audits, search, events and feeds.' },
    MEMORIES_WRITE: { value: 'memories:write', description: 'Store, import, close, retract, revert and delete.' },
    QUERY: { value: 'query', description: 'Ask questions: answers with the memories that they cite.' },
    SETTINGS: { value: 'settings', description: "The key's settings, the account's plan, its webhooks." },
    REVIEW: { value: 'review', description: 'Supersessions that await a person: see and decide them.' },
    KEYS: { value: 'keys', description: 'Make and change keys, none with more rights than its own.' },
    ADMIN: { value: 'admin', description: 'Plans of all accounts: for the operator of the server.' },
    SCHEMA_READ: { value: 'schema:read', description: 'Ask the schema about itself.' },
  } as const satisfies Record<string, { value: Scope; description: string }>,
});

const ApiKeyState = builder.enumType('ApiKeyState', {
  description: 'Whether an API key is accepted.',
  values: {
    ACTIVE: { description: 'It is.' },
    EXPIRED: { description: 'It has come to its end.' },
    REVOKED: { description: 'It was ended, for good.' },
  },
});

/** From its row alone: no field of it reaches further into the account. */
export const ApiKey = builder.objectRef<StoredKey>('ApiKey').implement({
  description: 'An API key, without its secret.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'UUID.' }),
    publicId: t.exposeString('publicId', {
      description: 'The part of its text between the underscores: names it in logs, and is no secret.',
    }),
    name: t.exposeString('name', { description: 'What it is called.' }),
    scopes: t.field({
      type: [ApiKeyScope],
      description: 'What it may do.',
      // The database checks the words.
      resolve: ({ scopes }) => scopes as Scope[],
    }),
    tenantId: t.exposeString('boundTenant', {
      nullable: true,
      description: 'The one tenant that it knows of, "" for the default one; null: any.',
    }),
    state: t.field({
      type: ApiKeyState,
      description: 'Whether it is accepted.',
      resolve: ({ revokedAt, expiresAt }, _args, { deps }) =>
        revokedAt ? 'REVOKED' : expiresAt && expiresAt <= deps.now() ? 'EXPIRED' : 'ACTIVE',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'Its end; null: none.' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, description: 'When it was revoked.' }),
    previousSecretUntil: t.expose('previousUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'After a rotation: until when the secret before is accepted too.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null: never.',
    }),
  }),
});

const Viewer = builder.objectRef<ViewerShape>('Viewer').implement({
  description: 'Who calls.',
  fields: (t) => ({
    accountId: t.exposeID('accountId', { description: 'UUID of the account.' }),
    accountName: t.exposeString('accountName', { description: 'Its name.' }),
    apiKey: t.field({
      type: ApiKey,
      description: 'The key of this request: its scopes, its tenant, its end.',
      resolve: ({ apiKey }) => apiKey,
    }),
    cursor: t.expose('cursor', {
      type: 'Cursor',
      description: "Position of the account's newest event: follow a feed from here, and it tells all from now on.",
    }),
  }),
});

const ApiKeyEdge = builder.edgeObject({ type: ApiKey, name: 'ApiKeyEdge', description: 'One key in a page.' });

const ApiKeyConnection = builder.connectionObject(
  { type: ApiKey, name: 'ApiKeyConnection', description: 'API keys, oldest first.' },
  ApiKeyEdge,
);

builder.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    description: 'The account and the API key of this request. Needs no scope.',
    resolve: (_root, _args, { deps, caller }) => viewer(deps, caller),
  }),
  apiKeys: t.field({
    type: ApiKeyConnection,
    description:
      "The account's API keys, revoked ones included; of a key that is bound to a tenant, those bound to the same. Errors: FORBIDDEN, INVALID_INPUT.",
    args: {
      first: t.arg.int({ description: 'How many, 1 to 100 (default 50).' }),
      after: t.arg.string({ description: 'endCursor of the page before.' }),
    },
    resolve: async (_root, page, { deps, caller }) =>
      toKeyConnection(page.after, await listKeys(deps, caller, keyPageArgs(page))),
  }),
}));
