import type { Attribution, Llm } from '../llm.js';
import { answerFrom } from './answer.js';
import { classify } from './classify.js';
import { extractFacts } from './extract.js';

const PROVIDER = 'offline';
const ATTRIBUTION: Attribution = {
  provider: PROVIDER,
  model: 'palimpsest-rules-1',
  promptVersion: 'rules-1',
  usage: { inputTokens: 0, outputTokens: 0 },
};

/** Rules in place of a language model: no key, no network, the same reply every time. */
export const createOfflineLlm = (): Llm => ({
  provider: PROVIDER,
  extractFacts: (input) => Promise.resolve({ ...ATTRIBUTION, facts: extractFacts(input) }),
  classify: (input) => Promise.resolve({ ...ATTRIBUTION, ...classify(input) }),
  answer: (input) => Promise.resolve({ ...ATTRIBUTION, ...answerFrom(input) }),
});
