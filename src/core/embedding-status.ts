import { countOutdated } from '../store/re-embed.js';
import { authorize } from './authorize.js';
import type { Caller, Deps } from './deps.js';

/** The embedding model, and how far the account's memories have come to it. */
export interface EmbeddingStatus {
  /** Names the vector space. */
  model: string;
  dimensions: number;
  /** Memories of the account, history included; of a bound caller's tenant alone. */
  total: number;
  /** Those that still have the vectors of another model. */
  remaining: number;
}

/** With which model memories are embedded, and how many of the account are still to be. */
export async function embeddingStatus({ db, embedder }: Deps, caller: Caller): Promise<EmbeddingStatus> {
  authorize(caller, 'memories:read');
  const { id: model, dimensions } = embedder;
  return { model, dimensions, ...(await countOutdated(db, caller, model)) };
}
