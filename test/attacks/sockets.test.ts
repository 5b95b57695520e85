import { describe } from 'vitest';
import { underAttack } from '../support/under-attack.js';
import { SOCKETS } from './rows/sockets.js';

describe('a WebSocket', () => {
  underAttack(SOCKETS, { env: { PALIMPSEST_MAX_SUBSCRIPTIONS: '100' } });
});
