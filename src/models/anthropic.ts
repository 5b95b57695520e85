import type { AnthropicConfig } from '../config.js';
import { createAnthropicWire } from './anthropic/wire.js';
import { createAsk } from './calls/ask.js';
import { createCallingLlm } from './calls/calling-llm.js';
import { explainOwnKey } from './calls/own-key.js';
import { atMost } from './calls/schedule.js';
import type { Llm } from './llm.js';

const MAX_RETRIES = 2;
const CHUNK_CHARACTERS = 40_000;

/** Claude over the Messages API, or whatever speaks it at `config.baseUrl`. Makes no call until asked. */
export function createAnthropicLlm(config: AnthropicConfig): Llm {
  const { timeoutMs, answerModel, extractionModel } = config;
  const ask = createAsk({
    wire: createAnthropicWire({ ...config, maxRetries: MAX_RETRIES }),
    schedule: atMost(config.concurrency),
    deadlineMs: timeoutMs * (MAX_RETRIES + 2),
    patienceMs: timeoutMs * (MAX_RETRIES + 2),
    silenceMs: timeoutMs,
    explain: explainOwnKey,
  });
  return createCallingLlm({
    provider: 'anthropic',
    ask,
    roles: { extraction: extractionModel, answer: answerModel, classifier: (asked) => asked },
    chunkCharacters: CHUNK_CHARACTERS,
  });
}
