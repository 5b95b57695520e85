import type { Attribution, TokenCount } from '../../core/count-tokens.js';
import { builder } from '../builder.js';

export const TokenUse = builder.objectRef<TokenCount>('TokenUse').implement({
  description: 'Tokens that models took; zero for the offline rules.',
  fields: (t) => ({
    inputTokens: t.exposeInt('inputTokens', { description: 'Tokens read.' }),
    outputTokens: t.exposeInt('outputTokens', { description: 'Tokens written.' }),
  }),
});

/** Who did a piece of work, and whose model it was. */
export const ModelCall = builder.objectRef<Attribution & { isByoLlm: boolean }>('ModelCall').implement({
  description: 'Which model did a piece of work, and what it took.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'Such as anthropic, or offline for the built-in rules.' }),
    model: t.exposeString('model', { description: "The model's id." }),
    promptVersion: t.exposeString('promptVersion', { description: 'Version of the prompt or of the rules.' }),
    isByoLlm: t.exposeBoolean('isByoLlm', { description: "Whether it was the caller's own model." }),
    inputTokens: t.int({ description: 'Tokens read.', resolve: ({ usage }) => usage.inputTokens }),
    outputTokens: t.int({ description: 'Tokens written.', resolve: ({ usage }) => usage.outputTokens }),
  }),
});
