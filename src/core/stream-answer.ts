import { chooseLlm } from './choose-llm.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import {
  finishAnswer,
  frameOf,
  nothingStored,
  sentenceChecker,
  type Answer,
  type AnswerSentence,
} from './finish-answer.js';
import { prepareQuestion, type PreparedQuestion, type QueryInput } from './prepare-question.js';
import { LiveCitations, Numbering } from './rules/citations.js';
import { SentenceReader } from './rules/sentences.js';
import { endReply, RunningReply } from './running-reply.js';

export type AnswerChunk =
  { kind: 'TOKEN'; text: string } | { kind: 'SENTENCE'; sentence: AnswerSentence } | { kind: 'ANSWER'; answer: Answer };

/**
 * The answer that queryMemories gives, while it is written: tokens, which joined are its text with citations; each of its sentences
 * once it is whole; and at the end the answer. `signal` breaks off the model's call too. @throws AppError INVALID_INPUT, UPSTREAM_*
 */
export async function* streamAnswer(
  deps: Deps,
  caller: Caller,
  input: Unchecked<QueryInput>,
  signal: AbortSignal,
  query?: Projection,
): AsyncGenerator<AnswerChunk> {
  const prepared = await prepareQuestion(deps, caller, input, query);
  if (prepared.memories.length > 0) {
    yield* writeAnswer(deps, caller, prepared, signal);
    return;
  }
  const answer = nothingStored(prepared);
  yield { kind: 'TOKEN', text: answer.text };
  for (const sentence of answer.sentences) yield { kind: 'SENTENCE', sentence };
  yield { kind: 'ANSWER', answer };
}

async function* writeAnswer(
  deps: Deps,
  caller: Caller,
  prepared: PreparedQuestion,
  signal: AbortSignal,
): AsyncGenerator<AnswerChunk> {
  const llm = await chooseLlm(deps, caller.accountId, prepared.choice);
  const text = new LiveText(prepared);
  const reply = new RunningReply(llm, prepared.input, signal);
  try {
    for await (const piece of reply.pieces()) yield* text.push(piece);
    const answer = await finishAnswer(deps, caller, prepared, await reply.whole);
    yield* text.end();
    yield { kind: 'ANSWER', answer };
  } catch (error) {
    // Nobody is left to hear that the call was broken off.
    if (!signal.aborted) throw error;
  } finally {
    await endReply(deps, caller, prepared, reply);
  }
}

/** The pieces of a model's text as tokens and checked sentences. */
class LiveText {
  readonly #numbering: Numbering;
  readonly #citations: LiveCitations;
  readonly #sentences = new SentenceReader();
  readonly #check: ReturnType<typeof sentenceChecker>;
  #count = 0;

  constructor(readonly prepared: PreparedQuestion) {
    this.#numbering = new Numbering(prepared.memories.length);
    this.#citations = new LiveCitations(this.#numbering, frameOf(prepared));
    this.#check = sentenceChecker(prepared);
  }

  *push(piece: string): Generator<AnswerChunk> {
    yield* this.#show(this.#citations.push(piece));
  }

  *end(): Generator<AnswerChunk> {
    yield* this.#show(this.#citations.end());
    yield* this.#checked(this.#sentences.end());
  }

  *#show(text: string): Generator<AnswerChunk> {
    if (text !== '') yield { kind: 'TOKEN', text };
    yield* this.#checked(this.#sentences.push(text));
  }

  *#checked(sentences: readonly string[]): Generator<AnswerChunk> {
    const cited = this.#numbering.order.flatMap((position) => this.prepared.memories[position] ?? []);
    for (const sentence of sentences) {
      this.#count += 1;
      yield { kind: 'SENTENCE', sentence: this.#check(sentence, this.#count, cited) };
    }
  }
}
