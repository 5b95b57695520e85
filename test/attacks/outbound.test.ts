import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import { answerNames } from '../support/name-service.js';
import { underAttack } from '../support/under-attack.js';
import { OUTBOUND } from './rows/outbound.js';

const inside = { port: 0, connections: 0 };
const listener = createServer((socket) => {
  inside.connections += 1;
  socket.on('error', () => undefined).destroy();
});
let restore: () => void;

beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  inside.port = (listener.address() as AddressInfo).port;
  restore = answerNames({ 'models.rebind.example': ['127.0.0.1'] });
});
afterAll(async () => {
  restore();
  await new Promise((resolve) => listener.close(resolve));
});

describe('a URL of the caller’s', () => {
  const env = {
    PALIMPSEST_LLM_HOSTS: 'models.rebind.example',
    PALIMPSEST_MODEL_TIMEOUT_MS: '500',
    PALIMPSEST_WEBHOOK_RETRIES: '0',
  };
  underAttack(
    OUTBOUND.map(({ run, ...row }) => ({ ...row, run: (target) => run({ ...target, inside }) })),
    { env },
  );
});
