import { z } from 'zod';
import type { RerankerConfig } from '../config.js';
import { AppError } from '../errors.js';

/** Reads a query and each text together, and says how well the text answers it: slower than vectors, and better. */
export interface Reranker {
  /** Names the model, for logs. */
  readonly id: string;
  /** A score per text, in their order; higher is better, on a scale of the model's own. @throws AppError UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE */
  rerank(query: string, texts: readonly string[]): Promise<number[]>;
}

const item = z
  .object({
    index: z.number().int().nonnegative(),
    relevance_score: z.number().optional(),
    score: z.number().optional(),
  })
  .transform(({ index, relevance_score, score }) => ({ index, score: relevance_score ?? score }));
/** `results` of Cohere and Jina, `data` of Voyage, the bare list of TEI. */
const reply = z.union([
  z.array(item),
  z.object({ results: z.array(item) }).transform(({ results }) => results),
  z.object({ data: z.array(item) }).transform(({ data }) => data),
]);

/** Reads as long a beginning of a text as such models take. */
const LONGEST = 4_000;

/** A model behind `POST /rerank`: Cohere, Jina, Voyage, vLLM and their like with a model's name, Hugging Face's TEI without. */
export function createReranker({ baseUrl, model, apiKey, timeoutMs }: RerankerConfig): Reranker {
  const url = `${baseUrl.replace(/(?<!\/)\/+$/, '')}/rerank`;
  const headers = { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) };
  return {
    id: model ?? 'tei',
    async rerank(query, texts) {
      const documents = texts.map((text) => text.slice(0, LONGEST));
      const body = JSON.stringify(model ? { model, query, documents } : { query, texts: documents, truncate: true });
      const received = await post(url, { headers, body, signal: AbortSignal.timeout(timeoutMs) });
      const scores = new Map(reply.safeParse(received).data?.map(({ index, score }) => [index, score]));
      return texts.map((_, i) => {
        const score = scores.get(i);
        if (score === undefined) throw new AppError('UPSTREAM_FAILED', 'The reranker gave an unusable reply.');
        return score;
      });
    },
  };
}

/** The reply's body; neither it nor what was sent is part of an error. */
async function post(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, method: 'POST', redirect: 'error' });
    if (response.ok) return await response.json();
  } catch (error) {
    const cause = { name: error instanceof Error ? error.name : typeof error };
    throw new AppError('UPSTREAM_UNAVAILABLE', 'The reranker can not be reached.', { cause });
  }
  throw new AppError('UPSTREAM_FAILED', 'The reranker refused.', { cause: { status: response.status } });
}
