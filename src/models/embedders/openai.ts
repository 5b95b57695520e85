import * as errors from 'openai';
import type { RemoteEmbeddingConfig } from '../../config.js';
import { AppError } from '../../errors.js';
import { readFailure, type Failure } from '../calls/failure.js';
import { explainOwnKey } from '../calls/own-key.js';
import { mapAtMost } from '../calls/parallel.js';
import { atMost } from '../calls/schedule.js';
import { TextRefused, type Embedder, type Purpose } from '../embedder.js';
import { createClient } from '../openai/client.js';
import { embedNarrowing, runsOf } from './batches.js';
import { readEmbeddings } from './reply.js';

const MAX_RETRIES = 2;
/** To be raised when vectors of the same model would come out different: everything is embedded again then. */
const VERSION = 1;

type Call = (texts: readonly string[], purpose: Purpose) => Promise<unknown>;

/**
 * A model behind any server that speaks OpenAI's `POST /embeddings` (OpenAI, Ollama, vLLM, TEI, LM Studio), or Voyage's
 * dialect of it. Asks it once for its dimensions unless they are set. @throws Error when that comes to nothing
 */
export async function createRemoteEmbedder(config: RemoteEmbeddingConfig): Promise<Embedder> {
  const call = createCall(config);
  const dimensions = config.dimensions ?? (await learnDimensions(call));
  return {
    id: `${config.provider}:${config.model}:${dimensions}:${VERSION}`,
    dimensions,
    async embed(texts, purpose = 'document') {
      // Providers refuse a text without a word.
      const worded = texts.filter((text) => text.trim() !== '');
      const found = await mapAtMost(config.concurrency, runsOf(worded, config.batchSize), (run) =>
        embedNarrowing(async (part) => readEmbeddings(await call(part, purpose), part.length, dimensions), run),
      );
      const vectors = found.flat().values();
      return texts.map((text) => (text.trim() !== '' && vectors.next().value) || new Float32Array(dimensions));
    },
  };
}

async function learnDimensions(call: Call): Promise<number> {
  try {
    const [vector] = readEmbeddings(await call(['dimensions'], 'document'), 1, undefined);
    return vector?.length ?? 0;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new Error(
      `EMBEDDING_BASE_URL, EMBEDDING_MODEL: the model was asked for its dimensions. ${error.message} With EMBEDDING_DIMENSIONS it is not asked.`,
      { cause: error.cause },
    );
  }
}

/** One exchange with the server at a time and place that has room for it; every failure in our terms. */
function createCall(config: RemoteEmbeddingConfig): Call {
  const { timeoutMs } = config;
  const client = createClient({ ...config, maxRetries: MAX_RETRIES, longestPauseMs: timeoutMs });
  const schedule = atMost(config.concurrency);
  // The SDK sets no limit on reading a body, and waits as long as a reply says: only this ends those.
  const deadlineMs = timeoutMs * (MAX_RETRIES + 2);
  return async (texts, purpose) => {
    const patience = AbortSignal.timeout(deadlineMs);
    return schedule(async () => {
      try {
        patience.throwIfAborted();
        const signal = AbortSignal.timeout(deadlineMs);
        return await client.embeddings.create(toBody(config, texts, purpose), { signal });
      } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw explain(readFailure(error, errors));
      }
    });
  };
}

/** Said what the encoding is, the SDK leaves the reply as it is: by itself it would take a list of numbers for base64. */
const toBody = (
  { provider, model, dimensions }: RemoteEmbeddingConfig,
  texts: readonly string[],
  purpose: Purpose,
) => ({
  model,
  input: [...texts],
  encoding_format: 'base64' as const,
  ...(provider === 'voyage' ? { input_type: purpose } : {}),
  ...(dimensions === undefined ? {} : { [provider === 'voyage' ? 'output_dimension' : 'dimensions']: dimensions }),
});

const isAboutTheText = ({ status = 0 }: Failure): boolean => status === 400 || status === 413 || status === 422;

const explain = (failure: Failure): AppError =>
  isAboutTheText(failure) ? new TextRefused(failure.cause) : explainOwnKey(failure);
