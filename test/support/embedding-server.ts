import { createHash } from 'node:crypto';
import {
  type ModelServer,
  type RecordedRequest as Recorded,
  type ScriptedReply,
  startModelServer,
} from './model-server.js';

export interface EmbeddingBody {
  model: string;
  input: string[];
  encoding_format?: string;
  dimensions?: number;
  input_type?: string;
  output_dimension?: number;
}

export type RecordedRequest = Recorded<EmbeddingBody>;

/** What this server takes for the meaning of a text: as good as random, the same each time, and of another length for each text. */
export function rawVector(text: string, dimensions: number): Float32Array {
  const bytes = (at: number): number => createHash('sha256').update(`${at} ${text}`).digest().readInt16LE(0) / 1_000;
  return Float32Array.from({ length: dimensions }, (_, at) => bytes(at));
}

/** The vector that must come of it. */
export function unitVector(text: string, dimensions: number): number[] {
  const raw = [...rawVector(text, dimensions)];
  const length = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
  return raw.map((value) => value / length);
}

export const toBase64 = (vector: Float32Array): string => Buffer.from(vector.buffer).toString('base64');

export interface Item {
  index?: number | undefined;
  embedding: unknown;
}

/** A reply that holds exactly these. */
export const listReply = (data: readonly Item[]): ScriptedReply => ({
  status: 200,
  body: { object: 'list', data, model: 'test-model', usage: { prompt_tokens: 3, total_tokens: 3 } },
});

export interface HowToReply {
  dimensions: number;
  /** Lists of numbers, whatever was asked for, as servers do that do not know base64. */
  isList?: boolean;
}

/** A good reply to a request. */
export const embeddingReply =
  ({ dimensions, isList = false }: HowToReply) =>
  ({ body }: RecordedRequest): ScriptedReply =>
    listReply(
      body.input.map((text, index) => {
        const vector = rawVector(text, dimensions);
        return { index, embedding: isList || body.encoding_format !== 'base64' ? [...vector] : toBase64(vector) };
      }),
    );

export interface EmbeddingServer extends ModelServer<EmbeddingBody> {
  baseUrl: string;
  /** Every text that it was asked to embed since the last script, in order. */
  readonly texts: string[];
}

/** A loopback server that speaks `POST /embeddings` as scripted; with vectors of this length until told otherwise. */
export async function startEmbeddingServer(dimensions: number): Promise<EmbeddingServer> {
  const server = await startModelServer<EmbeddingBody>();
  server.script(embeddingReply({ dimensions }));
  const texts = { get: (): string[] => server.requests.flatMap(({ body }) => body.input) };
  return Object.defineProperty(Object.assign(server, { baseUrl: `${server.origin}/v1`, texts: [] }), 'texts', texts);
}
