import type { Attribution, Llm, Usage } from '../llm.js';
import * as answerQuestion from '../prompts/answer-question.js';
import * as classifySupersession from '../prompts/classify-supersession.js';
import * as extractFacts from '../prompts/extract-facts.js';
import type { Ask } from './ask.js';
import { extract } from './extract.js';
import { LiveAnswer } from './live-answer.js';

/** Which model of a provider does what. */
export interface Roles {
  extraction: string;
  answer: string;
  /** `asked`: the id in the account's settings, which is one of Anthropic's. */
  classifier: (asked: string) => string;
}

interface Options {
  provider: string;
  ask: Ask;
  roles: Roles;
  /** The longest run of a conversation for one call. */
  chunkCharacters: number;
}

const startMeter = (): Usage => ({ inputTokens: 0, outputTokens: 0 });

/** The three tasks of an Llm as questions to a provider. */
export function createCallingLlm({ provider, ask, roles, chunkCharacters }: Options): Llm {
  const attribute = (model: string, prompt: { version: string }, usage: Usage): Attribution => ({
    provider,
    model,
    promptVersion: prompt.version,
    usage,
  });

  return {
    provider,

    async extractFacts(input) {
      const meter = startMeter();
      const facts = await extract({ ask, model: roles.extraction, meter, chunkCharacters }, input);
      return { ...attribute(roles.extraction, extractFacts, meter), facts };
    },

    async classify(input, asked) {
      const meter = startMeter();
      const model = roles.classifier(asked);
      const data = classifySupersession.render(input);
      const { verdict, confidence, reasoning } = await ask({ prompt: classifySupersession, model, data, meter });
      return { ...attribute(model, classifySupersession, meter), verdict, confidence, reason: reasoning };
    },

    async answer(input, watch) {
      const meter = startMeter();
      const spent = attribute(roles.answer, answerQuestion, meter);
      const count = input.memories.length;
      const live = watch && new LiveAnswer(count, watch.onText);
      try {
        const data = answerQuestion.render(input);
        const watched = watch && live ? { live, signal: watch.signal } : {};
        const reply = await ask({ prompt: answerQuestion, model: roles.answer, data, meter, ...watched });
        const text = answerQuestion.settleMarkers(reply.answer, count);
        live?.finish(text);
        return { ...spent, text, isAnswered: reply.is_answered };
      } catch (error) {
        watch?.onLoss(spent);
        throw error;
      }
    },
  };
}
