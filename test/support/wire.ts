import { expect } from 'vitest';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What `datetime.fromisoformat` of Python 3.8 reads: an offset and six digits, never `Z`. */
export const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/;

export interface WireTemporal {
  valid_from: string;
  valid_to: string | null;
  superseded_by: string | null;
  is_current: boolean;
  is_expired: boolean;
  is_superseded: boolean;
  transaction_time_start: string;
  transaction_time_end: string | null;
  is_known_current: boolean;
}

/** A memory as REST gives it: the union of the documented editions. */
export interface WireMemory {
  id: string;
  summary: string;
  decision: string;
  topic: string;
  importance: string;
  importance_score: number;
  freshness: number;
  source: string;
  created_at: string;
  valid_from: string;
  valid_to: string | null;
  superseded_by: string | null;
  tenant_id: string | null;
  session_id: string | null;
  channel: string;
  original_message: string;
  source_citation: {
    type: string;
    channel: string;
    captured_at: string;
    session_id: string | null;
    original_message: string;
  };
  temporal: WireTemporal;
}

export interface WireList {
  company_id: string;
  tenant_id: string | null;
  as_of: string | null;
  transaction_as_of: string | null;
  include_superseded: boolean;
  source: string | null;
  count: number;
  superseded_count: number;
  memories: WireMemory[];
}

export interface WireAutoSupersede {
  ran: boolean;
  skipped_reason: string | null;
  candidates_examined: number;
  supersession: { superseded_id: string; confidence: number; [key: string]: unknown } | null;
  proposals?: { proposal_id: string | null; old_memory_id: string; confidence: number; reason: string }[];
}

export interface WireSaved {
  status: string;
  memory_id: string;
  company_id: string;
  tenant_id: string | null;
  auto_supersede: WireAutoSupersede;
}

export interface WireExtracted {
  status: string;
  company_id: string;
  tenant_id: string | null;
  extracted: string[];
  extracted_count: number;
  saved_count: number;
  memory_ids: string[];
  extraction: { provider: string; model: string; byo_llm: boolean };
  facts: {
    decision: string;
    message_index: number;
    span: { start: number; end: number };
    memory_id: string | null;
  }[];
  auto_supersede: (WireAutoSupersede & { memory_id: string })[];
}

export interface WireAnswer {
  question: string;
  answer: string;
  answer_with_citations: string;
  citations: { index: number; memory_id: string; tenant_id: string | null; cited_by_llm: boolean }[];
  memories: WireMemory[];
}

export interface WireAudit {
  extraction: { provider: string | null; model: string; byo_llm: boolean };
  history: { event: string; at: string; details: Record<string, unknown> | null }[];
}

/** A refusal by the provider of a caller's own model. */
export interface WireProviderRefusal {
  detail: { error: string; provider: string; message: string };
  code: string;
}

export interface WireRefusal {
  detail: string;
  code: string;
  field?: string;
}

const aString = expect.any(String) as string;
const aTimestamp = expect.stringMatching(TIMESTAMP) as string;

/** A memory stored in content mode a moment ago and not touched since; `given` says what the test knows of it. */
export const freshMemory = (given: Partial<WireMemory> & { decision: string }): WireMemory => {
  const { decision, source = 'agent', channel = source } = given;
  return {
    id: expect.stringMatching(UUID) as string,
    summary: decision,
    topic: 'General',
    importance: 'medium',
    importance_score: 5,
    freshness: expect.closeTo(1, 3) as number,
    source,
    created_at: aTimestamp,
    valid_from: aTimestamp,
    valid_to: null,
    superseded_by: null,
    tenant_id: null,
    session_id: null,
    channel,
    original_message: decision,
    source_citation: { type: source, channel, captured_at: aTimestamp, session_id: null, original_message: decision },
    temporal: {
      valid_from: aTimestamp,
      valid_to: null,
      superseded_by: null,
      is_current: true,
      is_expired: false,
      is_superseded: false,
      transaction_time_start: aTimestamp,
      transaction_time_end: null,
      is_known_current: true,
    },
    ...given,
  };
};

/** A refusal in the documented form, with our code beside it. */
export const refusal = (code: string, field?: string): WireRefusal => ({
  detail: aString,
  code,
  ...(field === undefined ? {} : { field }),
});
