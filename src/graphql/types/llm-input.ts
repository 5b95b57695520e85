import { builder } from '../builder.js';

export const LlmInput = builder.inputType('LlmInput', {
  description:
    "A model of the caller's own, for this request alone. Its key is never stored, logged or given back. The classifier of supersessions stays the server's.",
  fields: (t) => ({
    provider: t.string({ required: true, description: 'anthropic, openai, azure, gemini or xai.' }),
    model: t.string({ required: true, description: "The provider's id of the model; for azure the deployment." }),
    apiKey: t.string({ required: true, description: "The caller's key with that provider." }),
    baseUrl: t.string({
      description: 'Another endpoint that speaks the same protocol, https only; required for azure.',
    }),
    apiVersion: t.string({ description: "Azure's API version." }),
  }),
});
