import type { OpenAiConfig } from '../config.js';
import { createAsk } from './calls/ask.js';
import { createCallingLlm } from './calls/calling-llm.js';
import { explainOwnKey } from './calls/own-key.js';
import { atMost } from './calls/schedule.js';
import type { Llm } from './llm.js';
import { createClient } from './openai/client.js';
import { Dialects } from './openai/dialect.js';
import { createOpenAiWire } from './openai/wire.js';

const MAX_RETRIES = 2;
/** Models on one's own machine hold less at once, and lose track sooner. */
const CHUNK_CHARACTERS = 12_000;

/** The operator's model behind any server that speaks OpenAI's chat completions. Makes no call until asked. */
export function createOpenAiLlm(config: OpenAiConfig): Llm {
  const { timeoutMs, model, classifierModel } = config;
  const ask = createAsk({
    wire: createOpenAiWire(
      createClient({ ...config, maxRetries: MAX_RETRIES, longestPauseMs: timeoutMs }),
      new Dialects(),
    ),
    schedule: atMost(config.concurrency),
    deadlineMs: timeoutMs * (MAX_RETRIES + 2),
    patienceMs: timeoutMs * (MAX_RETRIES + 2),
    silenceMs: timeoutMs,
    explain: explainOwnKey,
  });
  return createCallingLlm({
    provider: 'openai-compatible',
    ask,
    roles: { extraction: model, answer: model, classifier: () => classifierModel },
    chunkCharacters: CHUNK_CHARACTERS,
  });
}
