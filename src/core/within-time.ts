import { AppError } from '../errors.js';
import type { Embedder } from '../models/embedder.js';
import type { Llm } from '../models/llm.js';
import { RequestTime } from '../store/request-time.js';
import type { Deps } from './deps.js';

/**
 * Runs a request's work within the time that one may take (`PALIMPSEST_REQUEST_TIMEOUT_MS`). When it is up the caller is told
 * at once, no further statement is begun, one that runs is broken off where the database can do that, and open transactions roll
 * back: a write is stored whole or not at all. `isGone`: for work that nobody needs once its caller has left.
 * @throws AppError TIMEOUT
 */
export async function withinTime<Result>(
  { config }: Pick<Deps, 'config'>,
  work: () => Promise<Result>,
  isGone?: AbortSignal,
): Promise<Result> {
  if (isGone?.aborted) throw tooLong(config.requestTimeoutMs);
  const time = new RequestTime(config.requestTimeoutMs);
  const leave = (): void => time.stop();
  isGone?.addEventListener('abort', leave);
  const result = time.run(work).finally(() => {
    time.end();
    isGone?.removeEventListener('abort', leave);
  });
  return new Promise((resolve, reject) => {
    result.then(resolve, reject);
    time.signal.addEventListener('abort', () => reject(tooLong(config.requestTimeoutMs)));
  });
}

const tooLong = (limitMs: number): AppError =>
  new AppError('TIMEOUT', `The request took longer than ${limitMs} ms, and was given up. Ask for less at once.`);

/** A model's time is limited by settings of its own: meanwhile the clock of the request that waits for it stands still. */
const outside = <Result>(work: () => Promise<Result>): Promise<Result> =>
  RequestTime.current()?.outside(work) ?? work();

export const llmOutsideTime = (llm: Llm): Llm => ({
  provider: llm.provider,
  extractFacts: (input) => outside(() => llm.extractFacts(input)),
  classify: (input, model) => outside(() => llm.classify(input, model)),
  answer: (input, watch) => outside(() => llm.answer(input, watch)),
});

export const embedderOutsideTime = (embedder: Embedder): Embedder => ({
  id: embedder.id,
  dimensions: embedder.dimensions,
  embed: (texts, purpose) => outside(() => embedder.embed(texts, purpose)),
});

/** For work that several requests wait for: it is not held to the time of the one that was first, and fails none of the others with it. */
export const whateverTheTime = <Result>(work: () => Promise<Result>): Promise<Result> => RequestTime.without(work);
