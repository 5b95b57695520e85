import { toSql } from 'pgvector';
import type { Db } from './client.js';
import { inScope, type MemoryFilter, type Scope } from './listing.js';
import { visible, type AsOf } from './visibility.js';

export interface RankedMemory {
  id: string;
  /** Fused score, best first; comparable within one search only. */
  score: number;
  /** Cosine of the two vectors, 0 to 1. */
  similarity: number;
}

export interface Search {
  text: string;
  vector: Float32Array;
  embeddingModel: string;
  limit: number;
}

const LEXICAL_WEIGHT = 0.5;

/**
 * The memories nearest to a text: cosine plus weighted full-text rank, each filter applied before ranking and the whole
 * scope compared exactly, so that a narrow filter never returns fewer rows than exist.
 */
export async function rankMemories(
  db: Db,
  scope: Scope,
  filter: MemoryFilter,
  view: { asOf: AsOf; now: Date },
  search: Search,
): Promise<RankedMemory[]> {
  const vector = toSql([...search.vector]) as string;
  // Any of the words may match: a question holds words that its answer lacks. NaN: the cosine with a zero vector.
  return db.$queryRaw`
    WITH asked AS (
      SELECT ${vector}::vector AS embedding,
             replace(plainto_tsquery('english', ${search.text})::text, '&', '|')::tsquery AS words
    ), scored AS (
      SELECT m.id, m.created_seq,
             greatest(0, coalesce(nullif(1 - (m.embedding <=> asked.embedding), 'NaN'), 0)) AS similarity,
             ts_rank(m.lexemes, asked.words) AS lexical
      FROM memories m CROSS JOIN asked
      WHERE ${inScope(scope, filter)} AND ${visible(view.asOf, 'CURRENT', view.now)}
        AND m.embedding_model = ${search.embeddingModel}
    )
    SELECT id, similarity,
           similarity + ${LEXICAL_WEIGHT} * coalesce(lexical / nullif(max(lexical) OVER (), 0), 0) AS score
    FROM scored ORDER BY score DESC, created_seq DESC LIMIT ${search.limit}`;
}
