import { relevanceOf, type Asked, type Boosts, type Comparable, type Relevance } from './relevance.js';

export interface Ranked<Row> {
  candidate: Row;
  why: Relevance;
}

/** Candidates with their relevance, the best first; of equals the newest. */
export function orderCandidates<Row extends Comparable<unknown> & { createdSeq: number }>(
  candidates: readonly Row[],
  asked: Asked,
  boosts: Boosts,
): Ranked<Row>[] {
  const relevance = relevanceOf(asked, candidates, boosts);
  const places = candidates.map((_, i) => i);
  const scores = Float64Array.from(relevance, ({ score }) => score);
  const seqAt = (i: number): number => candidates[i]?.createdSeq ?? 0;
  places.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || seqAt(b) - seqAt(a));
  return places.flatMap((i) => {
    const [candidate, why] = [candidates[i], relevance[i]];
    return candidate && why ? [{ candidate, why }] : [];
  });
}
