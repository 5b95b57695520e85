import type { PlanStatus } from '../core/plan-status.js';
import type { Answer } from '../core/query-memories.js';
import { freshness } from '../core/rules/freshness.js';
import { importanceWord } from '../core/rules/importance.js';
import { originalMessage } from '../core/rules/original-message.js';
import { isCurrent, knownUntil, memoryState, momentOf } from '../core/rules/validity.js';
import type { Settings } from '../core/settings.js';
import type { MemoryRow } from '../core/get-memory.js';
import type { AppError } from '../errors.js';
import type * as memoryReplies from './replies/memory.js';
import type * as readReplies from './replies/reads.js';
import type { Shape } from './replies/shape.js';
import type * as writeReplies from './replies/writes.js';

/** What a memory's shape depends on besides the memory. */
export interface View {
  now: Date;
  freshnessHalfLifeDays: number;
}

/** As the documented samples show it: UTC as +00:00 with six digits, which Python before 3.11 can parse, unlike `Z`. */
export const timestamp = (date: Date): string => date.toISOString().replace('Z', '000+00:00');
export const timestampOrNull = (date: Date | null): string | null => date && timestamp(date);

/** Four decimals, as the documented samples. */
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

/** A memory, with the fields of every documented generation. */
export function toMemory(
  memory: MemoryRow,
  { now: present, freshnessHalfLifeDays }: View,
): Shape<typeof memoryReplies.memory> {
  const now = momentOf(memory, present);
  const message = originalMessage(memory, memory.capture?.messages);
  return {
    id: memory.id,
    summary: memory.text,
    decision: memory.text,
    topic: memory.topic,
    importance: importanceWord(memory.importance, memory.importanceWord),
    importance_score: memory.importance,
    freshness: rounded(
      freshness({ createdAt: memory.knownFrom, isCurrent: isCurrent(memory, now) }, freshnessHalfLifeDays, now),
    ),
    source: memory.source,
    created_at: timestamp(memory.knownFrom),
    valid_from: timestamp(memory.validFrom),
    valid_to: timestampOrNull(memory.validTo),
    superseded_by: memory.supersededById,
    tenant_id: memory.tenantId || null,
    session_id: memory.sessionId,
    channel: memory.channel,
    original_message: message,
    source_citation: {
      type: memory.source,
      channel: memory.channel,
      captured_at: timestamp(memory.capture?.capturedAt ?? memory.knownFrom),
      session_id: memory.sessionId,
      original_message: message,
    },
    temporal: toTemporal(memory, now),
  };
}

function toTemporal(memory: MemoryRow, now: Date): Shape<typeof memoryReplies.temporal> {
  const state = memoryState(memory, now);
  const knownTo = knownUntil(memory, now);
  return {
    valid_from: timestamp(memory.validFrom),
    valid_to: timestampOrNull(memory.validTo),
    superseded_by: memory.supersededById,
    is_current: state === 'CURRENT',
    is_expired: state === 'EXPIRED' || state === 'RETRACTED',
    is_superseded: state === 'SUPERSEDED',
    transaction_time_start: timestamp(memory.knownFrom),
    transaction_time_end: timestampOrNull(knownTo),
    is_known_current: knownTo === null,
  };
}

type ModelCall = NonNullable<Answer['attribution']>;

/** Which model did it, and what it took. */
export const toModelCall = ({
  provider,
  model,
  promptVersion,
  isByoLlm,
  usage,
}: ModelCall): Shape<typeof writeReplies.modelCall> => ({
  provider,
  model,
  byo_llm: isByoLlm,
  prompt_version: promptVersion,
  input_tokens: usage.inputTokens,
  output_tokens: usage.outputTokens,
});

/** Reply to a question. */
export const toAnswer = (answer: Answer, companyId: string, view: View): Shape<typeof readReplies.answer> => ({
  question: answer.question,
  answer: answer.text,
  answer_with_citations: answer.textWithCitations,
  citations: answer.citations.map(({ index, memory, similarity, isCited }) => ({
    index,
    memory_id: memory.id,
    decision: memory.text,
    content: memory.text,
    topic: memory.topic,
    similarity: rounded(similarity),
    cited_by_llm: isCited,
    valid_from: timestamp(memory.validFrom),
    is_superseded: memoryState(memory, view.now) === 'SUPERSEDED',
    tenant_id: memory.tenantId || null,
    source: memory.source,
  })),
  memories: answer.memories.map((memory) => toMemory(memory, view)),
  memories_searched: answer.memoriesSearched,
  search_type: 'hybrid',
  // Rules take no tokens, and the documented reply says nothing of who answered.
  ...(answer.attribution && answer.attribution.usage.inputTokens > 0 && { llm: toModelCall(answer.attribution) }),
  company_id: companyId,
});

export const toSettings = (settings: Settings): Shape<typeof readReplies.settings> => ({
  auto_supersede_default: settings.autoSupersedeDefault,
  excluded_categories: settings.excludedCategories,
  min_confidence: settings.minConfidence,
  classifier_model: settings.classifierModel,
  freshness_half_life_days: settings.freshnessHalfLifeDays,
});

export const toPlanStatus = (plan: PlanStatus): Shape<typeof readReplies.planStatus> => ({
  org_id: plan.orgId,
  plan_tier: plan.tier,
  plan_status: plan.status,
  writes_used: plan.writesUsed,
  writes_limit: plan.writesLimit,
  writes_remaining: plan.writesRemaining,
  period_start: timestamp(plan.periodStart),
  in_grace_period: plan.isInGracePeriod,
  blocked: plan.isBlocked,
});

/** Names that are not the core's in snake case. `importance` is the legacy word, `importance_score` the number. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  recorded_at: 'validFrom',
  importance: 'importanceWord',
  importance_score: 'importance',
};
const WIRE_NAMES = new Map(Object.entries(OTHER_NAMES).map(([wire, core]) => [core, wire]));
/** What the wire keeps flat. */
const FLAT_NAMES: Readonly<Record<string, string>> = {
  'asOf.valid': 'as_of',
  'asOf.known': 'transaction_as_of',
  idempotencyKey: 'Idempotency-Key',
};

/** Fields that hold fields. */
const NESTED = new Set(['llm', 'extra']);
const inner = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? fromWire(value as Record<string, unknown>)
    : value;

/** A body's fields as the core knows them; values are left for the core to check, and names that are not the wire's are ignored. */
export function fromWire(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = Object.entries(body).filter(([name]) => /^[a-z_]+$/.test(name));
  const named = known.map(([name, value]) => [
    OTHER_NAMES[name] ?? toCamelCase(name),
    NESTED.has(name) ? inner(value) : value,
  ]);
  return Object.fromEntries(named) as Record<string, unknown>;
}

const toCamelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The name of a core field on the wire, for errors. */
export const toWireName = (field: string): string =>
  FLAT_NAMES[field] ??
  field
    .split('.')
    .map((name) => WIRE_NAMES.get(name) ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
    .join('.');

/** The core's messages begin with the field at fault, by the core's name for it. */
export const wireMessage = ({ message, field }: AppError): string =>
  field !== undefined && message.startsWith(`${field}: `) ? toWireName(field) + message.slice(field.length) : message;
