import { builder } from '../builder.js';

export const AsOf = builder.inputType('AsOf', {
  description: 'A cell of bi-temporal time. Both left out: current truth, as known now.',
  fields: (t) => ({
    valid: t.field({ type: 'DateTime', description: 'True in the world at this instant; superseded ones included.' }),
    known: t.field({
      type: 'DateTime',
      description: 'As the server knew it at this instant; alone: what it then held current.',
    }),
  }),
});

export const AsOfInstant = builder
  .objectRef<{ valid?: Date | undefined; known?: Date | undefined }>('AsOfInstant')
  .implement({
    description: 'The cell of bi-temporal time that was asked about.',
    fields: (t) => ({
      valid: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Valid time; null: now.',
        resolve: ({ valid }) => valid ?? null,
      }),
      known: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Transaction time; null: now.',
        resolve: ({ known }) => known ?? null,
      }),
    }),
  });
