import { embeddingStatus, type EmbeddingStatus as EmbeddingStatusShape } from '../../core/embedding-status.js';
import { builder } from '../builder.js';

const EmbeddingStatus = builder.objectRef<EmbeddingStatusShape>('EmbeddingStatus').implement({
  description:
    'The model by which memories are found by meaning. After it was changed memories are embedded again in the background; until then they are found by their words.',
  fields: (t) => ({
    model: t.exposeString('model', { description: 'Names provider, model, dimensions and version.' }),
    dimensions: t.exposeInt('dimensions', { description: 'Length of its vectors.' }),
    total: t.exposeInt('total', { description: 'Memories of the account, history included.' }),
    remaining: t.exposeInt('remaining', { description: 'Those that are still to be embedded with this model.' }),
  }),
});

builder.queryFields((t) => ({
  embeddingStatus: t.field({
    type: EmbeddingStatus,
    description: "The embedding model, and how far the account's memories have come to it.",
    resolve: (_root, _args, { deps, caller }) => embeddingStatus(deps, caller),
  }),
}));
