import { describe } from 'vitest';
import { underAttack } from '../support/under-attack.js';
import { DOCUMENTS } from './rows/documents.js';

describe('a GraphQL document made to be expensive', () => {
  underAttack(DOCUMENTS);
});
