import { describe } from 'vitest';
import { underAttack } from '../support/under-attack.js';
import { TEXTS } from './rows/texts.js';

describe('texts and numbers', () => {
  underAttack(TEXTS);
});
