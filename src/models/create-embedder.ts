import type { Config } from '../config.js';
import type { Embedder } from './embedder.js';
import { cached } from './embedders/cache.js';
import { createOfflineEmbedder } from './embedders/offline.js';

/** The embedder that the settings name, else the offline one. An SDK is loaded only where it is used. */
export async function createEmbedder({ embedding }: Pick<Config, 'embedding'>): Promise<Embedder> {
  if (!embedding) return createOfflineEmbedder();
  if (embedding.provider === 'onnx') {
    const { createOnnxEmbedder } = await import('./embedders/onnx.js');
    return cached(await createOnnxEmbedder(embedding));
  }
  const { createRemoteEmbedder } = await import('./embedders/openai.js');
  return cached(await createRemoteEmbedder(embedding));
}
