import { describe } from 'vitest';
import { underAttack } from '../support/under-attack.js';
import { HTTP } from './rows/http.js';

// Short, so that nobody has to wait for what is late.
const env = { PALIMPSEST_HEADERS_TIMEOUT_MS: '700', PALIMPSEST_BODY_TIMEOUT_MS: '700' };

describe('bytes over a socket', () => {
  underAttack(HTTP, { env });
});
