import { chooseLlm } from './choose-llm.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { finishAnswer, nothingStored, type Answer } from './finish-answer.js';
import { prepareQuestion, type QueryInput } from './prepare-question.js';

export type { Answer, AnswerSentence, Citation, Doubt, SentenceCitation } from './finish-answer.js';
export type { QueryInput } from './prepare-question.js';

/** Answers a question from current memories of one tenant, citing those used. @throws AppError INVALID_INPUT, UPSTREAM_* */
export async function queryMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<QueryInput>,
  query?: Projection,
): Promise<Answer> {
  const prepared = await prepareQuestion(deps, caller, input, query);
  if (prepared.memories.length === 0) return nothingStored(prepared);
  const llm = await chooseLlm(deps, caller.accountId, prepared.choice);
  return finishAnswer(deps, caller, prepared, await llm.answer(prepared.input));
}
