interface AuditedEvent {
  kind: string;
  seq: bigint;
  createdAt: Date;
  memoryId: string | null;
  beforeId: string | null;
  topic: string | null;
  source: string | null;
  tenantId: string;
  verdict: string | null;
  confidence: number | null;
  reason: string | null;
  model: string | null;
  details: unknown;
}

/** What an event says about one memory: names and values, without those that say nothing. */
export function auditDetails(event: AuditedEvent, memoryId: string): Record<string, unknown> {
  const { kind, verdict, confidence, reason, model, topic, source, tenantId } = event;
  const extra = typeof event.details === 'object' ? event.details : {};
  const about = kind === 'CREATED' ? { topic, source, tenantId: tenantId || null } : {};
  const details = { ...extra, ...about, verdict, confidence, reason, model, ...otherSide(event, memoryId) };
  const said = Object.entries(details).filter(([name, value]) => value !== null || name === 'tenantId');
  return Object.fromEntries(said);
}

/** The other memory of a supersession, named from this one's point of view. */
function otherSide({ kind, memoryId, beforeId }: AuditedEvent, id: string): Record<string, unknown> {
  if (kind === 'REVERTED') return memoryId === id ? { revertOf: beforeId } : { revertedBy: memoryId };
  if (kind !== 'SUPERSEDED') return {};
  return beforeId === id ? { supersededBy: memoryId } : { supersedes: beforeId };
}
