import type { Answer } from './finish-answer.js';
import type { PreparedQuestion } from './prepare-question.js';

interface Look {
  /** Events up to here were there when it began. */
  sees: bigint;
  /** When it began, in milliseconds of the epoch. */
  at: number;
  found: Promise<PreparedQuestion>;
}

interface Answering {
  answer: Promise<Answer>;
  /** Of the one follower who has asked. */
  signal: AbortSignal;
}

/** The next instant after `at` at which time alone may change what is found, in milliseconds; the past does not change so. */
export function nextInstant({ asOf, memories }: PreparedQuestion, at: number): number {
  if (asOf.valid ?? asOf.known) return Infinity;
  const instants = memories.flatMap(({ validFrom, validTo }) => [validFrom.getTime(), validTo?.getTime() ?? 0]);
  return Math.min(...instants.filter((instant) => instant > at), Infinity);
}

/** A standing question that callers of the same rights ask alike: what one of them was found and told serves the others. */
export class SharedQuestion {
  followers = 0;
  #newest: Look | undefined;
  readonly #answers = new WeakMap<PreparedQuestion, Answering>();
  readonly #told = new WeakMap<PreparedQuestion, Map<string, Promise<unknown>>>();

  /** What is found by a look that began when everything up to `sees` was there; the newest that others had, or what `look` finds now. */
  async find(sees: bigint, at: number, look: () => Promise<PreparedQuestion>): Promise<PreparedQuestion> {
    for (;;) {
      const known = this.#newest;
      if (!known || known.sees < sees) break;
      const found = await known.found;
      if (nextInstant(found, known.at) > at) return found;
      if (this.#newest === known) break;
    }
    const own = { sees, at, found: look() };
    this.#newest = own;
    own.found.catch(() => {
      if (this.#newest === own) this.#newest = undefined;
    });
    return own.found;
  }

  /** The answer to what was found. Who asks for all of them may leave: then another one does. */
  async answer(found: PreparedQuestion, signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(found) ?? { answer: ask(), signal };
    this.#answers.set(found, known);
    try {
      return await known.answer;
    } catch (error) {
      if (this.#answers.get(found) === known) this.#answers.delete(found);
      if (known.signal === signal || !known.signal.aborted) throw error;
      return this.answer(found, signal, ask);
    }
  }

  /** What is told of it to those who were told the same before (`told` says what that was); what fails is made anew. */
  async tell<Told>(found: PreparedQuestion, told: string, make: () => Promise<Told>): Promise<Told> {
    const known = this.#told.get(found) ?? new Map<string, Promise<unknown>>();
    this.#told.set(found, known);
    const telling = (known.get(told) as Promise<Told> | undefined) ?? make();
    known.set(told, telling);
    telling.catch(() => known.delete(told));
    return telling;
  }
}

/** The standing questions of one server. */
export class SharedQuestions {
  readonly #byName = new Map<string, SharedQuestion>();

  /** Who gives the same name asks the same, and may be told the same. Every `join` needs its `leave`. */
  join(name: string): { question: SharedQuestion; leave: () => void } {
    const question = this.#byName.get(name) ?? new SharedQuestion();
    this.#byName.set(name, question);
    question.followers++;
    const leave = (): void => {
      if (--question.followers === 0) this.#byName.delete(name);
    };
    return { question, leave };
  }
}
