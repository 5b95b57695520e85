import { randomBytes } from 'node:crypto';

/** Bytes of a signing secret: Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

export const createWebhookSecret = (): Uint8Array<ArrayBuffer> => Uint8Array.from(randomBytes(SECRET_BYTES));

/** As receivers are given it, and as the libraries of Standard Webhooks take it. */
export const webhookSecretText = (secret: Uint8Array): string => `whsec_${Buffer.from(secret).toString('base64')}`;
