import { describe } from 'vitest';
import { underAttack } from '../support/under-attack.js';
import { BODIES } from './rows/bodies.js';

describe('a body', () => {
  underAttack(BODIES);
});
