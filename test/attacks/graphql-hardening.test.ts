import { describe } from 'vitest';
import { underAttack } from '../support/under-attack.js';
import { HARDENING } from './rows/graphql-hardening.js';

describe('a page of another origin', () => {
  underAttack(HARDENING, { env: { PALIMPSEST_GRAPHQL_INTROSPECTION: 'false' } });
});
