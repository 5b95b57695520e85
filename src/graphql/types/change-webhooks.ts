import { queryFromInfo } from '@pothos/plugin-prisma';
import { createWebhook, type CreateWebhookResult } from '../../core/create-webhook.js';
import { deleteWebhook, replayWebhook, rotateWebhookSecret, updateWebhook } from '../../core/update-webhook.js';
import { builder } from '../builder.js';
import { Webhook } from './webhook.js';

const DOCUMENT =
  'One subscription to memoryEvents or supersessions, without variables and without after: its arguments choose the events, its selection is the payload.';

const CreateWebhookInput = builder.inputType('CreateWebhookInput', {
  description: 'A new webhook. It reads with the rights of the API key that makes it, and ends with that key.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'Where to post to: https, a public host.' }),
    document: t.string({ required: true, description: DOCUMENT }),
    name: t.string({ description: "What to call it; left out: the URL's host." }),
    after: t.field({ type: 'Cursor', description: 'Begin after this cursor; left out: from now on.' }),
  }),
});

const UpdateWebhookInput = builder.inputType('UpdateWebhookInput', {
  description: 'What to change; what is left out stays.',
  fields: (t) => ({
    webhookId: t.id({ required: true, description: 'The webhook.' }),
    url: t.string({ description: 'Where to post to.' }),
    document: t.string({ description: DOCUMENT }),
    name: t.string({ description: 'What to call it.' }),
    isPaused: t.boolean({ description: 'True pauses it; false has it go on where it was, a disabled one too.' }),
  }),
});

const DeleteWebhookInput = builder.inputType('DeleteWebhookInput', {
  description: 'What to delete.',
  fields: (t) => ({ webhookId: t.id({ required: true, description: 'The webhook.' }) }),
});

const RotateWebhookSecretInput = builder.inputType('RotateWebhookSecretInput', {
  description: 'Whose secret to change.',
  fields: (t) => ({ webhookId: t.id({ required: true, description: 'The webhook.' }) }),
});

const ReplayWebhookInput = builder.inputType('ReplayWebhookInput', {
  description: 'From where to send again.',
  fields: (t) => ({
    webhookId: t.id({ required: true, description: 'The webhook.' }),
    after: t.field({ type: 'Cursor', required: true, description: 'What happened after this cursor is sent again.' }),
  }),
});

const WebhookSecretPayload = builder.objectRef<CreateWebhookResult>('WebhookSecretPayload').implement({
  description: 'A webhook and its signing secret.',
  fields: (t) => ({
    webhook: t.expose('webhook', { type: Webhook, description: 'The webhook.' }),
    secret: t.exposeString('secret', { description: 'Verifies messages (whsec_...). Shown this once.' }),
  }),
});

const DeleteWebhookPayload = builder.objectRef<{ webhookId: string }>('DeleteWebhookPayload').implement({
  description: 'What was deleted.',
  fields: (t) => ({ webhookId: t.exposeID('webhookId', { description: 'The webhook that is gone.' }) }),
});

builder.mutationFields((t) => ({
  createWebhook: t.field({
    type: WebhookSecretPayload,
    description: 'Sends events to a URL. Errors: INVALID_INPUT; QUOTA_EXCEEDED at 20 webhooks.',
    args: { input: t.arg({ type: CreateWebhookInput, required: true, description: 'What to send, and where to.' }) },
    resolve: (_root, { input }, context, info) =>
      createWebhook(
        context.deps,
        context.caller,
        input,
        queryFromInfo({ context, info, typeName: 'Webhook', path: ['webhook'] }),
      ),
  }),
  updateWebhook: t.field({
    type: Webhook,
    description: 'Changes, pauses or resumes a webhook. Errors: INVALID_INPUT, NOT_FOUND.',
    args: { input: t.arg({ type: UpdateWebhookInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, context, info) =>
      updateWebhook(context.deps, context.caller, input, queryFromInfo({ context, info, typeName: 'Webhook' })),
  }),
  deleteWebhook: t.field({
    type: DeleteWebhookPayload,
    description: 'Removes a webhook with its log. Errors: INVALID_INPUT, NOT_FOUND.',
    args: { input: t.arg({ type: DeleteWebhookInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, { deps, caller }) => ({ webhookId: await deleteWebhook(deps, caller, input) }),
  }),
  rotateWebhookSecret: t.field({
    type: WebhookSecretPayload,
    description: 'Gives a new secret; messages are signed with both for 24 hours. Errors: INVALID_INPUT, NOT_FOUND.',
    args: { input: t.arg({ type: RotateWebhookSecretInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context, info) =>
      rotateWebhookSecret(
        context.deps,
        context.caller,
        input,
        queryFromInfo({ context, info, typeName: 'Webhook', path: ['webhook'] }),
      ),
  }),
  replayWebhook: t.field({
    type: Webhook,
    description:
      'Sends again what happened after a cursor, with the same message ids. Errors: INVALID_INPUT, NOT_FOUND.',
    args: { input: t.arg({ type: ReplayWebhookInput, required: true, description: 'From where.' }) },
    resolve: (_root, { input }, context, info) =>
      replayWebhook(context.deps, context.caller, input, queryFromInfo({ context, info, typeName: 'Webhook' })),
  }),
}));
