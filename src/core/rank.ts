import { readTexts } from '../store/memories.js';
import type { Deps } from './deps.js';
import { retrieve, type Hit, type Retrieval } from './retrieve.js';

export interface RankedHit extends Hit {
  /** What the reranker gave it, on a scale of its own; null for those it was not shown. */
  reranked: number | null;
}

/** How many of the best a reranker is shown: it reads each of them. */
const SHOWN = 50;

/**
 * What `retrieve` gives, its beginning put in order by the reranker where there is one. Without it, and where it fails,
 * which is logged, the order stays.
 */
export async function rank(deps: Deps, retrieval: Retrieval): Promise<RankedHit[]> {
  const { reranker } = deps;
  if (!reranker) return (await retrieve(deps, retrieval)).map((hit) => ({ ...hit, reranked: null }));
  const hits = await retrieve(deps, { ...retrieval, depth: Math.max(SHOWN, retrieval.depth) });
  const shown = hits.slice(0, SHOWN);
  const others = hits.slice(SHOWN).map((hit) => ({ ...hit, reranked: null }));
  const scores = await scoresOf(deps, retrieval, shown);
  const scored = shown.map((hit, i) => ({ ...hit, reranked: scores[i] ?? null }));
  return [...scored.sort((a, b) => (b.reranked ?? 0) - (a.reranked ?? 0)), ...others];
}

async function scoresOf(deps: Deps, { scope, text }: Retrieval, hits: readonly Hit[]): Promise<number[]> {
  const { reranker, db, warn } = deps;
  if (!reranker || hits.length < 2) return [];
  try {
    const ids = hits.map(({ id }) => id);
    const texts = await readTexts(db, scope.accountId, ids);
    return await reranker.rerank(
      text,
      ids.map((id) => texts.get(id) ?? ''),
    );
  } catch (err) {
    warn({ err, reranker: reranker.id }, 'hits are not reranked');
    return [];
  }
}
