import { audienceOf } from './authorize.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { outlast } from './outlast.js';
import { prepareQuestion, type QueryInput } from './prepare-question.js';
import { StandingAnswer, type AnswerChange } from './standing-answer.js';
import type { Reading } from './states.js';

export type { AnswerChange } from './standing-answer.js';

/**
 * The answer to a standing question: at once, and again whenever a memory behind it is replaced, ends, is retracted or deleted, begins
 * to hold, or is joined by a better one. Pulled: whoever reads slowly gets the newest state, not each one on the way to it.
 * What is found is compared before a model is asked. A model or a database that is down for a while is asked again later, in silence.
 * Asked alike by many subscribers of a key, it is looked up, answered and explained once for all of them.
 * @throws AppError INVALID_INPUT, UPSTREAM_*; later on only failures that do not pass by themselves
 */
export async function* followAnswer(
  deps: Deps,
  caller: Caller,
  input: Unchecked<QueryInput>,
  signal: AbortSignal,
  query?: Projection,
): AsyncGenerator<Reading<AnswerChange>> {
  // The key too: settings, and what is counted, are its own.
  const { question, leave } = deps.questions.join(
    JSON.stringify([audienceOf(caller), caller.apiKeyId, input, query ?? null]),
  );
  let standing: StandingAnswer | undefined;
  try {
    const prepared = await outlast(() => prepareQuestion(deps, caller, input, query), signal);
    standing = new StandingAnswer({ deps, caller, input, signal, query, question }, prepared);
    yield await standing.first();
    while (!signal.aborted) {
      const change = await standing.next();
      if (change) yield change;
    }
  } catch (error) {
    // Nobody is left to hear that the call was broken off.
    if (!signal.aborted) throw error;
  } finally {
    standing?.close();
    leave();
  }
}
