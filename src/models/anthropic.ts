import type { AnthropicConfig } from '../config.js';
import { createAsk } from './anthropic/ask.js';
import { extract } from './anthropic/extract.js';
import type { Attribution, Llm, Usage } from './llm.js';
import * as answerQuestion from './prompts/answer-question.js';
import * as classifySupersession from './prompts/classify-supersession.js';
import * as extractFacts from './prompts/extract-facts.js';

const PROVIDER = 'anthropic';

const startMeter = (): Usage => ({ inputTokens: 0, outputTokens: 0 });

const attribute = (model: string, prompt: { version: string }, usage: Usage): Attribution => ({
  provider: PROVIDER,
  model,
  promptVersion: prompt.version,
  usage,
});

/** Claude over the Messages API, or whatever speaks it at `config.baseUrl`. Makes no call until asked. */
export function createAnthropicLlm(config: AnthropicConfig): Llm {
  const ask = createAsk(config);
  return {
    provider: PROVIDER,

    async extractFacts(input) {
      const meter = startMeter();
      const facts = await extract(ask, config.extractionModel, input, meter);
      return { ...attribute(config.extractionModel, extractFacts, meter), facts };
    },

    async classify(input, model) {
      const meter = startMeter();
      const data = classifySupersession.render(input);
      const { verdict, confidence, reasoning } = await ask({ prompt: classifySupersession, model, data, meter });
      return { ...attribute(model, classifySupersession, meter), verdict, confidence, reason: reasoning };
    },

    async answer(input) {
      const meter = startMeter();
      const model = config.answerModel;
      const reply = await ask({ prompt: answerQuestion, model, data: answerQuestion.render(input), meter });
      const text = answerQuestion.settleMarkers(reply.answer, input.memories.length);
      return { ...attribute(model, answerQuestion, meter), text, isAnswered: reply.is_answered };
    },
  };
}
