import { builder } from '../builder.js';

export const Verdict = builder.enumType('Verdict', {
  description: 'How a new fact stands to an older one.',
  values: {
    SUPERSEDES: { value: 'supersedes', description: 'The old fact is no longer true.' },
    REFINES: { value: 'refines', description: 'Both hold; the new one adds to the old one.' },
    INDEPENDENT: { value: 'independent', description: 'They are about different things.' },
  } as const,
});
