import { z } from 'zod';

/** An instant as it goes out: UTC as +00:00, with six digits. */
export const instant = z.iso.datetime({ offset: true }).meta({ examples: ['2026-05-05T23:09:59.063000+00:00'] });
export const id = z.uuid();
export const cursor = z
  .string()
  .meta({ description: "A position in the account's sequence of events: opaque, ordered.", examples: ['42'] });
const share = z.number().min(0).max(1);

export const temporal = z.object({
  valid_from: instant,
  valid_to: instant.nullable().meta({ description: 'Null: still true.' }),
  superseded_by: id.nullable(),
  is_current: z.boolean(),
  is_expired: z.boolean(),
  is_superseded: z.boolean(),
  transaction_time_start: instant,
  transaction_time_end: instant.nullable(),
  is_known_current: z.boolean(),
});

export const sourceCitation = z.object({
  type: z.string().meta({ description: 'The source.' }),
  channel: z.string(),
  captured_at: instant,
  session_id: z.string().nullable(),
  original_message: z.string(),
});

/** One version of one fact: the union of the documented editions. */
export const memory = z.object({
  id,
  summary: z.string(),
  decision: z.string().meta({ description: 'The fact; the same as summary.' }),
  topic: z.string(),
  importance: z.string().meta({ deprecated: true, description: 'The word; read importance_score instead.' }),
  importance_score: z.int().min(1).max(10),
  freshness: share.meta({ description: 'Halves with each half-life of the key; 0 for what is not current.' }),
  source: z.string(),
  created_at: instant,
  valid_from: instant,
  valid_to: instant.nullable(),
  superseded_by: id.nullable(),
  tenant_id: z.string().nullable(),
  session_id: z.string().nullable(),
  channel: z.string(),
  original_message: z.string(),
  source_citation: sourceCitation,
  temporal,
});

export const memoryList = z.object({
  company_id: id,
  tenant_id: z.string().nullable(),
  as_of: z.string().nullable(),
  transaction_as_of: z.string().nullable(),
  include_superseded: z.boolean(),
  source: z.string().nullable(),
  count: z.int(),
  superseded_count: z.int(),
  memories: z.array(memory),
  cursor,
});

export const timeline = z.object({
  memory_id: id,
  company_id: id,
  chain_length: z.int(),
  timeline: z.array(memory),
});

const span = z.object({ start: z.int(), end: z.int() });

const auditEvent = z.object({
  event: z.string(),
  at: instant,
  by: z.string(),
  cursor: cursor.optional(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

export const audit = z.object({
  memory_id: id,
  memory: z.object({ summary: z.string(), decision: z.string(), topic: z.string() }),
  provenance: z.object({
    source_type: z.string(),
    channel: z.string(),
    tenant_id: z.string().nullable(),
    workspace_id: z.null(),
    org_id: z.null(),
    external_id: z.string().nullable(),
    original_input: z.string(),
    original_message: z.string(),
    message_index: z.int().nullable(),
    span: span.nullable(),
    captured_at: instant,
  }),
  extraction: z.object({
    provider: z.string().nullable(),
    model: z.string(),
    prompt_version: z.string(),
    extracted_at: instant,
    byo_llm: z.boolean(),
  }),
  temporal,
  history: z.array(auditEvent),
});
