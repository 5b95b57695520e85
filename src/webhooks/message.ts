import { Webhook as Signer } from 'standardwebhooks';
import type { Webhook } from '../core/follow-webhooks.js';
import { ENVELOPE } from './document.js';
import type { Matched } from './events.js';

/** What is sent, after https://www.standardwebhooks.com: type, timestamp and data. */
export interface SignedMessage {
  body: string;
  headers: Record<string, string>;
}

const ENVELOPE_NAMES = new Set<string>(Object.values(ENVELOPE));

/** The message of an event, with the same id at each try: a receiver knows what it had. */
export function signMessage(webhook: Webhook, field: string, { cursor, data }: Matched, now: Date): SignedMessage {
  const id = `msg_${webhook.id.replaceAll('-', '')}_${cursor}`;
  const selected = Object.entries(data).filter(([name]) => !ENVELOPE_NAMES.has(name));
  const body = JSON.stringify({
    type: `memory.${String(data[ENVELOPE.kind]).toLowerCase()}`,
    timestamp: data[ENVELOPE.at],
    data: { [field]: Object.fromEntries(selected) },
  });
  const signatures = secretsOf(webhook, now).map((secret) => new Signer(secret, { format: 'raw' }).sign(id, now, body));
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': Math.floor(now.getTime() / 1000).toString(),
      'webhook-signature': signatures.join(' '),
    },
  };
}

const secretsOf = ({ secret, previousSecret, previousUntil }: Webhook, now: Date): Uint8Array[] =>
  previousSecret && previousUntil && previousUntil > now ? [secret, previousSecret] : [secret];
