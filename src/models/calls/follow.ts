import type { Usage } from '../llm.js';
import type { End, Line, Live, Part, Question, Reading } from './ask.js';
import { readFailure, type Failure } from './failure.js';

/** Several times what any prompt lets a model write: a stream without end would fill the memory. */
const MOST_CHARACTERS = 200_000;

/** What has come of a reply. */
interface Received {
  usage: Usage;
  text: string;
  /** Undefined while it is being written. */
  end: End | undefined;
}

const nothingYet = (): Received => ({ usage: { inputTokens: 0, outputTokens: 0 }, text: '', end: undefined });

/** Takes in what comes until it ends; `silence` is aborted when nothing came for so long: SDKs bound the wait for the first byte alone. */
async function receive(
  parts: AsyncIterable<Part>,
  received: Received,
  live: Live,
  { silence, silenceMs }: { silence: AbortController; silenceMs: number },
): Promise<void> {
  const timer = setTimeout(() => silence.abort(new DOMException('silent', 'TimeoutError')), silenceMs);
  try {
    for await (const { text = '', usage, end } of parts) {
      timer.refresh();
      received.usage = { ...received.usage, ...usage };
      received.end = end ?? received.end;
      received.text += text;
      if (text !== '') live.push(text);
      if (received.text.length > MOST_CHARACTERS) {
        received.end = 'cut';
        return;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const BROKEN: Failure = { kind: 'broken', names: [], cause: { name: 'StreamBrokenOff' } };

/** How the stream failed; undefined if it came to its end. */
async function failureOf(reading: Promise<void>, received: Received, { wire }: Line): Promise<Failure | undefined> {
  try {
    await reading;
    // Servers that do not say that they are done are believed when their JSON is.
    return received.end === undefined && !isJson(received.text) ? BROKEN : undefined;
  } catch (error) {
    const failure = readFailure(error, wire.errors);
    return failure.kind === 'unreachable' ? { ...failure, kind: 'broken' } : failure;
  }
}

/**
 * One reply, passed on while it is written. A stream that fails before anything was shown counts as a reply that can not be
 * used; one that fails later, or falls silent, throws. What it took is counted either way.
 */
export async function follow(
  line: Line,
  question: Question<unknown>,
  live: Live,
  outer: AbortSignal,
): Promise<Reading> {
  const silence = new AbortController();
  const signal = AbortSignal.any([outer, silence.signal]);
  const parts = await line.wire.stream(question, signal);
  const received = nothingYet();
  const reading = receive(parts, received, live, { silence, silenceMs: line.silenceMs });
  // The SDKs end an aborted stream as if it were whole.
  const failure = await failureOf(
    reading.then(() => signal.throwIfAborted()),
    received,
    line,
  );
  if (!failure) return { usage: received.usage, text: received.text, end: received.end ?? 'whole' };
  question.meter.inputTokens += received.usage.inputTokens;
  question.meter.outputTokens += received.usage.outputTokens;
  if (live.isShown || failure.kind === 'timeout') throw line.explain(failure, question);
  return { issues: [': broke off'] };
}
