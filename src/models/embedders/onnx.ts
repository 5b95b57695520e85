import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { OnnxEmbeddingConfig } from '../../config.js';
import { atMost } from '../calls/schedule.js';
import type { Embedder } from '../embedder.js';
import { runsOf } from './batches.js';
import { toUnit } from './unit-vector.js';

/** Of our own choice and large: whoever wants it installs it. Named through a variable, so that nothing looks for it at build time. */
const PACKAGE = '@huggingface/transformers';
const VERSION = 1;

/** What is used of the package. */
interface Transformers {
  env: { localModelPath: string; allowRemoteModels: boolean };
  pipeline: (task: 'feature-extraction', model: string) => Promise<Extractor>;
}
type Extractor = (
  texts: string[],
  options: { pooling: 'mean'; normalize: true },
) => Promise<{ dims: number[]; data: ArrayLike<number> }>;

async function load(): Promise<Transformers> {
  try {
    // Looked for before it is loaded: what fails inside of it is another matter.
    createRequire(import.meta.url).resolve(PACKAGE);
  } catch (error) {
    throw new Error(`EMBEDDING_PROVIDER=onnx needs a package that is not installed: npm install ${PACKAGE}`, {
      cause: error,
    });
  }
  return (await import(PACKAGE)) as Transformers;
}

/** The model in this folder, without a look at the network; else the one with this id, fetched at the first start. */
async function open({ env, pipeline }: Transformers, model: string): Promise<Extractor> {
  if (!existsSync(model)) return pipeline('feature-extraction', model);
  const folder = path.resolve(model);
  env.localModelPath = path.dirname(folder);
  env.allowRemoteModels = false;
  return pipeline('feature-extraction', path.basename(folder));
}

/** A sentence model in ONNX form, run in this process: mean of its tokens. @throws Error when it can not be loaded */
export async function createOnnxEmbedder({ model, batchSize }: OnnxEmbeddingConfig): Promise<Embedder> {
  const extract = await open(await load(), model);
  // It takes all cores for one run.
  const schedule = atMost(1);
  const run = async (texts: string[]): Promise<Float32Array[]> => {
    const { dims, data } = await schedule(() => extract(texts, { pooling: 'mean', normalize: true }));
    const length = dims.at(-1) ?? 0;
    const values = Float32Array.from(data);
    return texts.map((_, i) => {
      const vector = toUnit(values.subarray(i * length, (i + 1) * length));
      if (!vector) throw new Error('the model gave a vector that is none');
      return vector;
    });
  };
  const dimensions = (await run(['dimensions']))[0]?.length ?? 0;
  return {
    id: `onnx:${path.basename(model)}:${dimensions}:${VERSION}`,
    dimensions,
    embed: async (texts) => (await Promise.all(runsOf(texts, batchSize).map(run))).flat(),
  };
}
