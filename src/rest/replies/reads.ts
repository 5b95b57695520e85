import { z } from 'zod';
import { cursor, id, instant, memory, sourceCitation, temporal } from './memory.js';
import { modelCall } from './writes.js';

const share = z.number().min(0).max(1);

/** A memory that an answer leans on, or that was retrieved for it; each field in each of its spellings. */
export const citation = z.object({
  index: z.int().min(1).meta({ description: 'N of the marker [mem-N].' }),
  memory_id: id,
  decision: z.string(),
  content: z.string(),
  topic: z.string(),
  similarity: share,
  cited_by_llm: z.boolean(),
  valid_from: instant,
  is_superseded: z.boolean(),
  tenant_id: z.string().nullable(),
  source: z.string(),
});

const evidence = z.object({
  memory_id: id,
  index: z.int().nullable(),
  cited: z.boolean(),
  status: z.enum(['cited', 'unused']),
  decision: z.string(),
  topic: z.string(),
  source: z.string(),
  similarity: z.number().nullable(),
  bi_temporal: temporal,
  source_citation: sourceCitation,
});

const supersessionChain = z.object({
  starting_memory_id: id,
  current_truth_memory_id: id.nullable(),
  chain: z.array(
    z.object({
      memory_id: id,
      superseded_by: id.nullable(),
      superseded_at: instant.nullable(),
      decision_at_time: z.string(),
    }),
  ),
});

export const proofTree = z.object({
  version: z.string(),
  question: z.string(),
  answer_hash: z.string().meta({ description: 'SHA-256, in hexadecimal.' }),
  generated_at: instant,
  retrieval: z.object({
    method: z.string(),
    query: z.string(),
    k: z.int(),
    memories_evaluated: z.int(),
    memories_cited: z.int(),
    filters: z.object({
      tenant_id: z.string().nullable(),
      sources: z.array(z.string()).readonly().nullable(),
      as_of: instant.nullable(),
      transaction_as_of: instant.nullable(),
    }),
  }),
  evidence_chain: z.array(evidence),
  supersession_chains: z.array(supersessionChain),
});

export const answer = z.object({
  question: z.string(),
  answer: z.string(),
  answer_with_citations: z.string(),
  citations: z.array(citation),
  memories: z.array(memory),
  memories_searched: z.int(),
  search_type: z.literal('hybrid'),
  llm: modelCall.optional(),
  company_id: id,
  as_of: z.string().optional(),
  transaction_as_of: z.string().optional(),
  proof_tree: proofTree.optional(),
});

export const settings = z.object({
  auto_supersede_default: z.boolean(),
  excluded_categories: z.array(z.string()),
  min_confidence: share,
  classifier_model: z.string(),
  freshness_half_life_days: z.number(),
});

export const planStatus = z.object({
  org_id: id,
  plan_tier: z.string().meta({ examples: ['starter', 'pro'] }),
  plan_status: z.string().meta({ examples: ['active', 'past_due', 'canceled'] }),
  writes_used: z.int(),
  writes_limit: z.int(),
  writes_remaining: z.int(),
  period_start: instant,
  in_grace_period: z.boolean().meta({ description: 'The quota is used up: reads work, writes are 429.' }),
  blocked: z
    .boolean()
    .meta({ description: 'Reads are refused too: the plan is canceled, or the grace period is over.' }),
});

const change = z.object({
  cursor,
  event: z.string(),
  at: instant,
  memory_id: id.nullable(),
  superseded_by: id.nullable(),
  topic: z.string().nullable(),
  source: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

export const changeList = z.object({
  company_id: id,
  tenant_id: z.string().nullable(),
  count: z.int(),
  has_more: z.boolean(),
  changes: z.array(change),
});

/** A refusal. `detail` is a text; where a caller's own model provider failed, an object that names it. */
export const refusal = z.object({
  detail: z.union([
    z.string(),
    z.object({ error: z.literal('llm_provider_error'), provider: z.string(), message: z.string() }),
  ]),
  code: z.string().meta({ examples: ['INVALID_INPUT'] }),
  field: z.string().optional().meta({ description: 'The field at fault, where it is one.' }),
  status: z.literal('error').optional(),
  error: z.string().optional(),
  hint: z.string().optional(),
});
