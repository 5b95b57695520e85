import { inspect } from 'node:util';
import { AppError } from '../../src/errors.js';
import type { AnswerInput, ClassifyInput, DatedText, ExtractInput, Message } from '../../src/models/llm.js';

export const user = (content: string): Message => ({ role: 'user', content });

export const conversation = (...messages: Message[]): ExtractInput => ({
  messages,
  sessionDate: new Date('2026-05-10T09:00:00Z'),
  known: ['User is called Ann'],
});

/** A fact as a model reports it. */
export const fact = (overrides: object = {}) => ({
  message_index: 0,
  quote: 'I moved to Oslo yesterday',
  text: 'Ann moved to Oslo',
  topic: 'Residence',
  importance: 8,
  valid_from: '2026-05-09',
  ...overrides,
});

export const memory = (text: string): DatedText => ({
  text,
  topic: 'People',
  validFrom: new Date('2026-03-01T00:00:00Z'),
});

export const question = (...texts: string[]): AnswerInput => ({
  question: 'Where does Ann live?',
  memories: texts.map(memory),
  referenceDate: new Date('2026-05-10T09:00:00Z'),
});

export const pair: ClassifyInput = { old: memory('Ann lives in Bergen'), new: memory('Ann moved to Oslo') };

/** A verdict as a model reports it. */
export const verdict = { reasoning: 'Only one home at a time.', verdict: 'supersedes', confidence: 0.96 };

/** The AppError that a call ends in. */
export const failure = async (call: Promise<unknown>): Promise<AppError> => {
  const thrown: unknown = await call.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppError)) throw new Error(`Not an AppError: ${inspect(thrown)}`);
  return thrown;
};

/** All that anybody could get out of an error. */
export const everythingOf = (error: AppError): string =>
  [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: 20, showHidden: true })].join('\n');
