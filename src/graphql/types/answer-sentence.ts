import type {
  AnswerSentence as SentenceShape,
  Doubt,
  SentenceCitation as CitationShape,
} from '../../core/query-memories.js';
import { builder } from '../builder.js';
import { Memory } from './memory.js';

const CitationDoubt = builder.enumType('CitationDoubt', {
  description: "What of a statement the memory's text does not bear out.",
  values: {
    NUMBER: { description: 'A number or date that does not stand in it.' },
    NAME: { description: 'A name, or the subject, that does not stand in it.' },
    NEGATION: { description: 'One of the two says not, the other does not.' },
    WORDS: { description: 'Less than half of the words stand in it, or of a short statement not the last one.' },
  } satisfies Record<Doubt, object>,
});

const SentenceCitation = builder.objectRef<CitationShape>('SentenceCitation').implement({
  description: 'A memory that a sentence cites, held against the words of the sentence.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'N of the marker [mem-N], from 1.' }),
    memory: t.field({ type: Memory, description: 'The memory.', resolve: ({ memory }) => memory }),
    similarity: t.exposeFloat('similarity', { description: 'Cosine of question and memory, 0 to 1.' }),
    isSupported: t.boolean({
      description:
        "Whether the memory's text bears out what it is cited for: by words, names, numbers and negation, not by meaning.",
      resolve: ({ doubt }) => doubt === null,
    }),
    doubt: t.field({
      type: CitationDoubt,
      nullable: true,
      description: 'Why not; null where it does.',
      resolve: ({ doubt }) => doubt,
    }),
  }),
});

export const AnswerSentence = builder.objectRef<SentenceShape>('AnswerSentence').implement({
  description: 'A sentence of an answer.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in the answer, from 1.' }),
    text: t.exposeString('text', { description: 'Without markers.' }),
    textWithCitations: t.exposeString('textWithCitations', { description: 'With its [mem-N] markers.' }),
    citations: t.field({
      type: [SentenceCitation],
      description: 'What it cites, in order.',
      resolve: ({ citations }) => [...citations],
    }),
    isSupported: t.exposeBoolean('isSupported', {
      description: 'It cites something, and all that it cites bears it out.',
    }),
  }),
});
