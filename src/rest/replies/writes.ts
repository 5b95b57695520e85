import { z } from 'zod';
import { cursor, id, instant } from './memory.js';

const share = z.number().min(0).max(1);
const verdict = z.enum(['supersedes', 'refines', 'independent']);

const supersession = z.object({
  superseded_id: id,
  old_memory_id: id,
  verdict,
  classifier: z.enum(['contradicts', 'supplements', 'new_fact']).meta({ description: 'The verdict in older words.' }),
  confidence: share,
  reason: z.string(),
  reasoning: z.string(),
  model: z.string(),
});

const proposed = z.object({
  proposal_id: id.nullable(),
  old_memory_id: id,
  confidence: share,
  reason: z.string(),
});

/** What auto-supersession did for one memory. */
export const autoSupersede = z.object({
  ran: z.boolean(),
  skipped_reason: z.string().nullable(),
  candidates_examined: z.int(),
  supersession: supersession.nullable(),
  proposals: z.array(proposed).optional(),
});

const usage = z.object({ input_tokens: z.int(), output_tokens: z.int() });
const ofEveryWrite = {
  company_id: id,
  tenant_id: z.string().nullable(),
  cursor,
  usage: usage.optional(),
  dry_run: z.literal(true).optional(),
};

/** Reply to `content`. */
export const saved = z.object({
  status: z.enum(['saved', 'dry_run']),
  memory_id: id.nullable().meta({ description: 'Null in a dry run.' }),
  ...ofEveryWrite,
  auto_supersede: autoSupersede,
});

export const modelCall = z.object({
  provider: z.string(),
  model: z.string(),
  byo_llm: z.boolean(),
  prompt_version: z.string(),
  input_tokens: z.int(),
  output_tokens: z.int(),
});

const fact = z.object({
  decision: z.string(),
  topic: z.string(),
  importance_score: z.int(),
  valid_from: instant.nullable(),
  message_index: z.int().nullable(),
  span: z.object({ start: z.int(), end: z.int() }).nullable(),
  memory_id: id.nullable(),
  duplicate: z.boolean(),
});

/** Reply to `messages`. */
export const extracted = z.object({
  status: z.enum(['saved', 'extracted', 'dry_run']),
  ...ofEveryWrite,
  extracted: z.array(z.string()),
  extracted_count: z.int(),
  saved_count: z.int(),
  memory_ids: z.array(id),
  extraction: modelCall.nullable(),
  facts: z.array(fact),
  auto_supersede: z.array(autoSupersede.extend({ memory_id: id.nullable() })),
});

export const superseded = z.object({
  status: z.enum(['superseded', 'expired']),
  memory_id: id,
  superseded_by: id.nullable(),
  valid_to: instant,
  cursor,
});

export const deleted = z.object({
  status: z.literal('deleted'),
  company_id: id,
  tenant_id: z.string().nullable(),
  deleted_count: z.int(),
  cursor,
});

const side = z.object({ memory_id: id, decision: z.string(), valid_from: instant });

/** A supersession that awaits a person, or was decided by one. */
export const proposal = z.object({
  proposal_id: id,
  state: z.enum(['open', 'approved', 'rejected', 'outdated']),
  old: side,
  new: side,
  tenant_id: z.string().nullable(),
  category: z.string(),
  verdict: z.literal('supersedes'),
  confidence: share,
  reason: z.string(),
  provider: z.string(),
  model: z.string(),
  prompt_version: z.string(),
  created_at: instant,
  reviewed_at: instant.nullable(),
  review_reason: z.string().nullable(),
  cursor,
});

export const proposalList = z.object({
  company_id: id,
  tenant_id: z.string().nullable(),
  count: z.int(),
  has_more: z.boolean(),
  proposals: z.array(proposal),
});

export const approved = z.object({
  status: z.literal('approved'),
  proposal_id: id,
  memory_id: id,
  superseded_by: id.nullable(),
  cursor,
});

export const rejected = z.object({ status: z.literal('rejected'), proposal_id: id, cursor });
