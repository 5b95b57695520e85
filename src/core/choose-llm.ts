import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Llm, LlmChoice } from '../models/llm.js';
import type { Deps } from './deps.js';
import { optional, text } from './parse-input.js';

const PROVIDERS = ['anthropic', 'openai', 'azure', 'gemini', 'xai'] as const;
/** What else callers say for them. */
const ALIASES: Readonly<Record<string, (typeof PROVIDERS)[number]>> = { grok: 'xai', google: 'gemini' };

const provider = z
  .string()
  .transform((name) => ALIASES[name.toLowerCase()] ?? name.toLowerCase())
  .pipe(z.enum(PROVIDERS, { error: `must be one of ${PROVIDERS.join(', ')}` }));

const secret = text(1_000);

/** A caller's own model. Two spellings are documented: `apiKey` and `apiVersion`, or `key` and `extra.apiVersion`. */
export const llmChoice = z
  .object({
    provider,
    model: text(200),
    apiKey: optional(secret),
    key: optional(secret),
    baseUrl: optional(text(2_000)),
    apiVersion: optional(text(64)),
    extra: optional(z.object({ apiVersion: optional(text(64)) })),
  })
  .transform(({ provider: name, model, apiKey, key, baseUrl, apiVersion, extra }, context): LlmChoice => {
    const chosen = apiKey ?? key;
    if (chosen === undefined) context.addIssue({ code: 'custom', path: ['apiKey'], message: 'is required' });
    if (name === 'azure' && baseUrl === undefined)
      context.addIssue({ code: 'custom', path: ['baseUrl'], message: 'is required for azure' });
    return { provider: name, model, apiKey: chosen ?? '', baseUrl, apiVersion: apiVersion ?? extra?.apiVersion };
  });

/** The model that a request brings along, else the server's own: never one in place of the other. */
export async function chooseLlm(deps: Deps, accountId: string, choice: LlmChoice | undefined): Promise<Llm> {
  return choice ? namingProvider(choice.provider, await deps.bringLlm(choice, accountId)) : deps.llm;
}

/** A failure of a caller's own provider says which provider it was: the caller, not the operator, can mend it. */
function namingProvider(name: string, llm: Llm): Llm {
  const named = async <Reply>(reply: Promise<Reply>): Promise<Reply> => {
    try {
      return await reply;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INVALID_INPUT') throw error;
      const { code, message, field, cause } = error;
      throw new AppError(code, message, { field, cause, provider: name });
    }
  };
  return {
    provider: llm.provider,
    extractFacts: (input) => named(llm.extractFacts(input)),
    classify: (input, model) => named(llm.classify(input, model)),
    answer: (input, watch) => named(llm.answer(input, watch)),
  };
}
