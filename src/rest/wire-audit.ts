import type { WholeEvent } from '../core/get-event.js';
import type { Audit, MemoryEvent } from '../core/get-audit.js';
import type { ChangePage } from '../core/list-changes.js';
import { auditDetails } from '../core/rules/audit-trail.js';
import type { audit } from './replies/memory.js';
import type { changeList } from './replies/reads.js';
import type { Shape } from './replies/shape.js';
import { timestamp, toMemory, toWireName, type View } from './wire.js';

/** The documented name of an event, from the point of view of one memory. */
function eventName({ kind, beforeId }: MemoryEvent, memoryId: string | null): string {
  if (kind === 'SUPERSEDED') return beforeId === memoryId ? 'memory.superseded' : 'memory.supersedes';
  return `memory.${kind.toLowerCase()}`;
}

function wireDetails(event: MemoryEvent, memoryId: string): Record<string, unknown> {
  const details = Object.entries(auditDetails(event, memoryId));
  return Object.fromEntries(
    details.map(([name, value]) => [
      toWireName(name),
      name === 'validTo' && typeof value === 'string' ? timestamp(new Date(value)) : value,
    ]),
  );
}

const spanOf = ({ spanStart: start, spanEnd: end }: Audit['memory']) =>
  start === null || end === null ? null : { start, end };

/** A memory's audit. `created` by the extractor and `memory.created` by the account are both documented. */
export function toAudit({ memory, events }: Audit, companyId: string, view: View): Shape<typeof audit> {
  const { capture } = memory;
  const shown = toMemory(memory, view);
  return {
    memory_id: memory.id,
    memory: { summary: memory.text, decision: memory.text, topic: memory.topic },
    provenance: {
      source_type: memory.source,
      channel: memory.channel,
      tenant_id: shown.tenant_id,
      workspace_id: null,
      org_id: null,
      external_id: null,
      original_input: capture.messages === null ? memory.text : JSON.stringify(capture.messages),
      original_message: shown.original_message,
      message_index: memory.messageIndex,
      span: spanOf(memory),
      captured_at: timestamp(capture.capturedAt),
    },
    extraction: {
      provider: capture.provider,
      model: capture.model ?? 'verbatim',
      prompt_version: capture.promptVersion ?? 'v1',
      extracted_at: timestamp(capture.capturedAt),
      byo_llm: capture.isByoLlm,
    },
    temporal: shown.temporal,
    history: [
      { event: 'created', at: timestamp(memory.knownFrom), by: 'aurra-extractor', details: null },
      ...events.map((event) => ({
        event: eventName(event, memory.id),
        at: timestamp(event.createdAt),
        by: companyId,
        cursor: event.seq.toString(),
        details: wireDetails(event, memory.id),
      })),
    ],
  };
}

/** A page of changes, oldest first. */
export const toChanges = (
  { events, hasMore }: ChangePage,
  companyId: string,
  tenantId: string | null,
): Shape<typeof changeList> => ({
  company_id: companyId,
  tenant_id: tenantId,
  count: events.length,
  has_more: hasMore,
  changes: events.map(toChange),
});

/** One change, told of the memory that it happened to. */
const toChange = (event: MemoryEvent) => ({
  cursor: event.seq.toString(),
  event: eventName(event, event.beforeId),
  at: timestamp(event.createdAt),
  memory_id: event.beforeId ?? event.memoryId,
  superseded_by: event.kind === 'SUPERSEDED' ? event.memoryId : null,
  topic: event.topic,
  source: event.source,
  details: wireDetails(event, event.beforeId ?? event.memoryId ?? ''),
});

/** An event of a feed: the change, why it happened, and the memories after and before it. */
export const toFeedEvent = (event: WholeEvent, view: View) => ({
  ...toChange(event),
  tenant_id: event.tenantId || null,
  cause: {
    api_key: event.apiKey.name,
    source: event.source,
    verdict: event.verdict,
    confidence: event.confidence,
    reason: event.reason,
    model: event.model,
  },
  memory: event.memory && toMemory(event.memory, view),
  before: event.before && toMemory(event.before, view),
});
