import type { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Usage } from '../llm.js';
import { type Failure, readFailure, ReplyCut, type SdkErrors, unusableReply } from './failure.js';
import { follow } from './follow.js';
import { objectsIn } from './json-reply.js';
import type { Prompt } from './prompt.js';

export interface Question<Reply> {
  prompt: Prompt<Reply>;
  model: string;
  /** JSON text: what others wrote. */
  data: string;
  /** Takes the tokens of every call made for this question, also of those that came to nothing. */
  meter: Usage;
  signal?: AbortSignal;
  /** Set where the reply is wanted while it is written. */
  live?: Live;
}

/** Who reads a reply while it is written. */
export interface Live {
  /** Takes the reply's raw text, in pieces cut anywhere. */
  push(raw: string): void;
  /** Something of it was passed on: it can not be taken back, nor asked for again. */
  readonly isShown: boolean;
}

export type Ask = <Reply>(question: Question<Reply>) => Promise<Reply>;

export type End = 'whole' | 'cut' | 'refused';

/** A provider's message, taken apart; or, by fields and kinds of fault, why it is no message at all. */
export type Reading = { usage: Usage; end: End; text: string } | { issues: string[] };

/** What one event of a stream adds to a message. */
export interface Part {
  text?: string;
  /** What the call took so far, all in all. */
  usage?: Partial<Usage>;
  end?: End;
}

/** One provider's API, through its SDK. */
export interface Wire {
  errors: SdkErrors;
  /** One exchange, the SDK's retries included. Gives whatever came; throws what the SDK throws, or an AppError. */
  send(question: Omit<Question<unknown>, 'meter'>, signal: AbortSignal): Promise<unknown>;
  read(message: unknown): Reading;
  /** The same exchange as a stream: resolves, or throws, as soon as the provider takes it on or refuses. */
  stream(question: Omit<Question<unknown>, 'meter'>, signal: AbortSignal): Promise<AsyncIterable<Part>>;
}

/** Runs work when there is room for it. */
export type Schedule = <Result>(work: () => Promise<Result>) => Promise<Result>;

export interface Line {
  wire: Wire;
  schedule: Schedule;
  /** For one exchange. SDKs wait as long as a reply says, and set no limit on reading a body: only this ends those. */
  deadlineMs: number;
  /** How long a call may wait for its turn. */
  patienceMs: number;
  /** How long a stream may bring nothing. */
  silenceMs: number;
  /** What the one who asked is told of a call that failed. */
  explain: (failure: Failure, question: Question<unknown>) => AppError;
}

/** A second try helps against a slip of the model; more would only multiply cost. */
const TRIES = 2;

export const issuesOf = (error: z.ZodError): string[] =>
  error.issues.slice(0, 5).map(({ path, code }) => `${path.map(String).join('.')}: ${code}`);

/** The checked reply, its tokens counted; or what is wrong with it. Throws where a second try would end the same way. */
function settle<Reply>(reading: Reading, { prompt, meter }: Question<Reply>): { reply: Reply } | { issues: string[] } {
  if ('issues' in reading) return reading;
  meter.inputTokens += reading.usage.inputTokens;
  meter.outputTokens += reading.usage.outputTokens;
  if (reading.end === 'refused') throw new AppError('UPSTREAM_FAILED', `The model refused to ${prompt.task}.`);
  if (reading.end === 'cut') throw new ReplyCut();
  let issues: string[] | undefined;
  for (const candidate of objectsIn(reading.text)) {
    const reply = prompt.schema.safeParse(candidate);
    if (reply.success) return { reply: reply.data };
    issues ??= issuesOf(reply.error);
  }
  return { issues: issues ?? [': no JSON object'] };
}

/** One way to put a question to a provider: send, map failures, check the reply, try once more if it is unusable. */
export function createAsk(line: Line): Ask {
  const { wire, schedule, deadlineMs, patienceMs, explain } = line;

  async function inTurn<Result>(
    question: Question<unknown>,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    // One that waited this long for its turn has nobody left to hear the answer.
    const patience = AbortSignal.timeout(patienceMs);
    return schedule(async () => {
      const deadline = AbortSignal.timeout(deadlineMs);
      const signal = question.signal ? AbortSignal.any([deadline, question.signal]) : deadline;
      try {
        patience.throwIfAborted();
        signal.throwIfAborted();
        return await work(signal);
      } catch (error) {
        if (error instanceof AppError) throw error;
        throw explain(readFailure(error, wire.errors), question);
      }
    });
  }

  const exchange = (question: Question<unknown>): Promise<unknown> =>
    inTurn(question, async (signal) => {
      try {
        return await wire.send(question, signal);
      } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    });

  return async function ask<Reply>(question: Question<Reply>): Promise<Reply> {
    const { live } = question;
    let issues: string[] = [];
    for (let tries = 0; tries < TRIES; tries += 1) {
      // A second try is whole: to a server that can not stream, the first one meant nothing.
      const reading =
        live && tries === 0
          ? await inTurn(question, (signal) => follow(line, question, live, signal))
          : wire.read(await exchange(question));
      const outcome = settle(reading, question);
      if ('reply' in outcome) return outcome.reply;
      issues = outcome.issues;
      if (live?.isShown) break;
    }
    throw unusableReply(issues);
  };
}
