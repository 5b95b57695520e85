import type { ProofTree, SupersessionPath } from '../core/prove-answer.js';
import type { proofTree } from './replies/reads.js';
import type { Shape } from './replies/shape.js';
import { timestamp, timestampOrNull, toMemory, type View } from './wire.js';

/** An answer's proof, with the keys that the published SDK reads. */
export const toProofTree = (proof: ProofTree, view: View): Shape<typeof proofTree> => ({
  version: proof.version,
  question: proof.question,
  answer_hash: proof.answerHash,
  generated_at: timestamp(proof.generatedAt),
  retrieval: {
    method: 'hybrid',
    query: proof.question,
    k: proof.limit,
    memories_evaluated: proof.memoriesEvaluated,
    memories_cited: proof.memoriesCited,
    filters: {
      tenant_id: proof.tenantId,
      sources: proof.sources,
      as_of: timestampOrNull(proof.asOf.valid ?? null),
      transaction_as_of: timestampOrNull(proof.asOf.known ?? null),
    },
  },
  evidence_chain: proof.evidence.map(({ memory, index, isCited, similarity }) => {
    const shown = toMemory(memory, view);
    return {
      memory_id: memory.id,
      index,
      cited: isCited,
      status: isCited ? 'cited' : 'unused',
      decision: memory.text,
      topic: memory.topic,
      source: memory.source,
      similarity,
      bi_temporal: shown.temporal,
      source_citation: shown.source_citation,
    };
  }),
  supersession_chains: proof.supersessionPaths.map(toChain),
});

const toChain = ({ startingMemoryId, currentTruthMemoryId, links }: SupersessionPath) => ({
  starting_memory_id: startingMemoryId,
  current_truth_memory_id: currentTruthMemoryId,
  chain: links.map(({ memoryId, supersededBy, supersededAt, text }) => ({
    memory_id: memoryId,
    superseded_by: supersededBy,
    superseded_at: timestampOrNull(supersededAt),
    decision_at_time: text,
  })),
});
