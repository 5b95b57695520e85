import { listDeliveries, listWebhooks, type WebhookDelivery as Delivery } from '../../core/list-webhooks.js';
import { builder } from '../builder.js';
import { newestFirstArgs, toDeliveryConnection } from '../seq-connection.js';
import { queryFromInfo } from '@pothos/plugin-prisma';

const WebhookState = builder.enumType('WebhookState', {
  description: 'Whether a webhook follows events.',
  values: {
    ACTIVE: { description: 'It does.' },
    PAUSED: { description: 'Not now; resumed, it goes on where it was.' },
    DISABLED: { description: 'Ended by the server: disabledReason says why.' },
  },
});

const WebhookDeliveryState = builder.enumType('WebhookDeliveryState', {
  description: 'How the delivery of a message stands.',
  values: {
    PENDING: { description: 'It is to be sent, or to be sent again.' },
    DELIVERED: { description: 'The receiver answered with 2xx.' },
    FAILED: { description: 'Every try failed.' },
    SKIPPED: { description: 'Its event does not match the document any more.' },
  },
});

type StateName = 'ACTIVE' | 'PAUSED' | 'DISABLED';

const WebhookDelivery = builder.objectRef<Delivery>('WebhookDelivery').implement({
  description: 'One message to a receiver. Tries are repeated with growing pauses.',
  fields: (t) => ({
    cursor: t.expose('seq', { type: 'Cursor', description: 'The event it tells of.' }),
    state: t.field({
      type: WebhookDeliveryState,
      description: 'How it stands.',
      // The database checks the words.
      resolve: ({ state }) => state as 'PENDING' | 'DELIVERED' | 'FAILED' | 'SKIPPED',
    }),
    attempts: t.exposeInt('attempts', { description: 'Tries so far.' }),
    responseStatus: t.exposeInt('responseStatus', { nullable: true, description: 'HTTP status of the last answer.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why the last try got no answer, as a code.' }),
    durationMs: t.exposeInt('durationMs', { nullable: true, description: 'Milliseconds that the last try took.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was queued.' }),
    attemptedAt: t.expose('attemptedAt', { type: 'DateTime', nullable: true, description: 'When it was last tried.' }),
  }),
});

const DeliveryEdge = builder.edgeObject({
  type: WebhookDelivery,
  name: 'WebhookDeliveryEdge',
  description: 'One delivery in a page.',
});

const DeliveryConnection = builder.connectionObject(
  { type: WebhookDelivery, name: 'WebhookDeliveryConnection', description: 'Deliveries, newest event first.' },
  DeliveryEdge,
);

export const Webhook = builder.prismaObject('Webhook', {
  description: 'Where events are sent to by HTTP, signed as Standard Webhooks says, at least once.',
  // What a page of the log is read by.
  select: { accountId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'UUID.' }),
    name: t.exposeString('name', { description: 'What it is called.' }),
    url: t.exposeString('url', { description: 'Where messages are posted to.' }),
    document: t.exposeString('document', {
      description: 'The subscription that chooses events and shapes the payload.',
    }),
    state: t.field({
      type: WebhookState,
      description: 'Whether it follows events.',
      select: { state: true },
      resolve: ({ state }) => state as StateName,
    }),
    disabledReason: t.exposeString('disabledReason', { nullable: true, description: 'Why the server ended it.' }),
    cursor: t.expose('cursor', { type: 'Cursor', description: 'The last event that was queued, or where it began.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    deliveries: t.field({
      type: DeliveryConnection,
      description: 'Its log. Errors: INVALID_INPUT.',
      args: {
        first: t.arg.int({ description: 'How many, 1 to 100 (default 50).' }),
        after: t.arg.string({ description: 'endCursor of the page before.' }),
      },
      resolve: async (webhook, { first, after }, { deps }) =>
        toDeliveryConnection(after, await listDeliveries(deps, webhook, newestFirstArgs({ first, after }))),
    }),
  }),
});

builder.queryFields((t) => ({
  webhooks: t.field({
    type: [Webhook],
    description: "The account's webhooks, oldest first.",
    resolve: (_root, _args, context, info) =>
      listWebhooks(context.deps, context.caller, queryFromInfo({ context, info, typeName: 'Webhook' })),
  }),
}));
