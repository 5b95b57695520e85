import type { Config } from '../config.js';
import type { Llm } from './llm.js';
import { createOfflineLlm } from './offline/offline-llm.js';

/** The server's own model: the operator's server, else Claude, else the offline rules. An SDK is loaded only where it is used. */
export async function createLlm({ openai, anthropic }: Pick<Config, 'openai' | 'anthropic'>): Promise<Llm> {
  if (openai) {
    const { createOpenAiLlm } = await import('./openai.js');
    return createOpenAiLlm(openai);
  }
  if (anthropic) {
    const { createAnthropicLlm } = await import('./anthropic.js');
    return createAnthropicLlm(anthropic);
  }
  return createOfflineLlm();
}
