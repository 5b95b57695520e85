import { createKey, type MadeKey } from '../../core/create-key.js';
import { revokeKey, rotateKey, updateKey } from '../../core/update-key.js';
import { builder } from '../builder.js';
import { ApiKey, ApiKeyScope } from './api-keys.js';

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new key, with no more rights than the key that makes it.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What to call it, at most 128 characters.' }),
    scopes: t.field({ type: [ApiKeyScope], required: true, description: 'What it may do: at least one.' }),
    tenantId: t.string({
      description:
        'Binds it to this tenant, "" for the default one: it neither sees nor hears of another. Left out: as the key that makes it.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'Its end; left out: that of the key that makes it, if any.' }),
    autoSupersedeDefault: t.boolean({ description: 'As in Settings; false if left out.' }),
  }),
});

const UpdateApiKeyInput = builder.inputType('UpdateApiKeyInput', {
  description: 'What to change; what is left out stays.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'UUID of the key.' }),
    name: t.string({ description: 'What to call it.' }),
    scopes: t.field({ type: [ApiKeyScope], description: 'Replaces the whole list.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'Its end.' }),
    isPermanent: t.boolean({ description: 'True: it has no end any more.' }),
  }),
});

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'Whose secret to change.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'UUID of the key.' }),
    overlapHours: t.float({
      description: 'For how many hours the secret before is accepted too, 0 to 168; 24 if left out.',
    }),
  }),
});

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'Which key to end.',
  fields: (t) => ({ apiKeyId: t.id({ required: true, description: 'UUID of the key.' }) }),
});

const ApiKeySecretPayload = builder.objectRef<MadeKey>('ApiKeySecretPayload').implement({
  description: 'A key and its text.',
  fields: (t) => ({
    apiKey: t.field({ type: ApiKey, description: 'The key.', resolve: ({ apiKey }) => apiKey }),
    key: t.exposeString('key', { description: 'The whole text (aurra_...), with the secret. Shown this once.' }),
  }),
});

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: ApiKeySecretPayload,
    description: 'Makes an API key of the account. Errors: INVALID_INPUT; FORBIDDEN for more rights than its own.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'What the key is for.' }) },
    resolve: (_root, { input }, { deps, caller }) => createKey(deps, caller, input),
  }),
  updateApiKey: t.field({
    type: ApiKey,
    description:
      'Changes the name, scopes or end of a key, within a second everywhere. Errors: INVALID_INPUT, FORBIDDEN, NOT_FOUND; CONFLICT for a revoked key.',
    args: { input: t.arg({ type: UpdateApiKeyInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, { deps, caller }) => updateKey(deps, caller, input),
  }),
  rotateApiKey: t.field({
    type: ApiKeySecretPayload,
    description:
      'Gives a key a new secret; its id, settings and rights stay. Errors: INVALID_INPUT, FORBIDDEN, NOT_FOUND; CONFLICT for a key that was revoked or has expired.',
    args: { input: t.arg({ type: RotateApiKeyInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, { deps, caller }) => rotateKey(deps, caller, input),
  }),
  revokeApiKey: t.field({
    type: ApiKey,
    description:
      'Ends a key and all that it has open, within a second everywhere, for good. Errors: INVALID_INPUT, FORBIDDEN, NOT_FOUND.',
    args: { input: t.arg({ type: RevokeApiKeyInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, { deps, caller }) => revokeKey(deps, caller, input),
  }),
}));
