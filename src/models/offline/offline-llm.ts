import type { Attribution, Llm } from '../llm.js';
import { answerFrom } from './answer.js';
import { classify } from './classify.js';
import { extractFacts } from './extract.js';

const PROVIDER = 'offline';
const ATTRIBUTION: Attribution = {
  provider: PROVIDER,
  model: 'palimpsest-rules-2',
  promptVersion: 'rules-2',
  usage: { inputTokens: 0, outputTokens: 0 },
};

/** Each sentence of an answer ends in the marker of the memory that it is taken from. */
const BETWEEN_SENTENCES = /(?<=\[mem-\d+\]\. )/;

/** Rules in place of a language model: no key, no network, the same reply every time. */
export const createOfflineLlm = (): Llm => ({
  provider: PROVIDER,
  extractFacts: async (input) => ({ ...ATTRIBUTION, facts: await extractFacts(input) }),
  classify: (input) => Promise.resolve({ ...ATTRIBUTION, ...classify(input) }),
  answer: (input, watch) => {
    const answer = answerFrom(input);
    for (const sentence of answer.text.split(BETWEEN_SENTENCES)) watch?.onText(sentence);
    return Promise.resolve({ ...ATTRIBUTION, ...answer });
  },
});
