import type { Answer as Reply, AnswerInput, Attribution, Llm } from '../models/llm.js';
import { countTokens } from './count-tokens.js';
import type { Caller, Deps } from './deps.js';
import type { PreparedQuestion } from './prepare-question.js';

/** A model's call under way, whose text can be taken out as it comes: what came since the last look comes in one piece. */
export class RunningReply {
  /** The reply as a whole; rejects as the call does. */
  readonly whole: Promise<Reply>;
  /** What a call took that came to nothing. */
  lost: Attribution | undefined;
  readonly #stop = new AbortController();
  #pending = '';
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(llm: Llm, input: AnswerInput, signal: AbortSignal) {
    const watch = {
      onText: (piece: string): void => {
        this.#pending += piece;
        this.#wake?.();
      },
      onLoss: (spent: Attribution): void => {
        this.lost = spent;
      },
      signal: AbortSignal.any([signal, this.#stop.signal]),
    };
    this.whole = llm.answer(input, watch).finally(() => {
      this.#isOver = true;
      this.#wake?.();
    });
    // Awaited only by those who stay to the end; to the others its failure is no news.
    this.whole.catch(() => undefined);
  }

  /** The text as it comes, until there is no more of it, for whatever reason. */
  async *pieces(): AsyncGenerator<string> {
    for (;;) {
      if (this.#pending !== '') {
        const piece = this.#pending;
        this.#pending = '';
        yield piece;
      } else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Breaks the call off if it is not over, and waits until it is. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.whole]);
  }
}

/** Ends a call that may have been left, and counts what it took if it came to nothing. */
export async function endReply(
  deps: Deps,
  caller: Caller,
  { choice }: PreparedQuestion,
  reply: RunningReply,
): Promise<void> {
  await reply.end();
  if (!reply.lost) return;
  await countTokens(deps, caller, [{ ...reply.lost, isByoLlm: choice !== undefined, purpose: 'ANSWER' }]);
}
