/** ISO 8601 with a zone. */
export type Instant = string;

export interface Temporal {
  validFrom: Instant;
  validTo: Instant | null;
  supersededBy: string | null;
  isCurrent: boolean;
  isExpired: boolean;
  isSuperseded: boolean;
  transactionTimeStart: Instant;
  transactionTimeEnd: Instant | null;
  isKnownCurrent: boolean;
}

export interface SourceCitation {
  type: string;
  channel: string;
  capturedAt: Instant;
  sessionId: string | null;
  originalMessage: string;
}

/** One version of one fact. */
export interface Memory {
  id: string;
  summary: string;
  decision: string;
  topic: string;
  /** @deprecated read importanceScore */
  importance: string;
  /** 1 to 10. */
  importanceScore: number;
  /** 0 to 1. */
  freshness: number;
  source: string;
  createdAt: Instant;
  validFrom: Instant;
  validTo: Instant | null;
  supersededBy: string | null;
  tenantId: string | null;
  sessionId: string | null;
  channel: string;
  originalMessage: string;
  sourceCitation: SourceCitation;
  temporal: Temporal;
}

/** A model of the caller's own, for one call. */
export interface LlmChoice {
  provider: 'anthropic' | 'openai' | 'azure' | 'gemini' | 'xai' | 'grok';
  model: string;
  apiKey: string;
  baseUrl?: string;
  apiVersion?: string;
}

/** A cell of time. */
export interface AsOf {
  asOf?: Instant;
  transactionAsOf?: Instant;
}

interface WriteOptions {
  tenantId?: string;
  source?: string;
  sessionId?: string;
  autoSupersede?: boolean;
  /** Since when it is true. */
  recordedAt?: Instant;
  dryRun?: boolean;
  /** The same key again gives the first reply. */
  idempotencyKey?: string;
}

/** One fact, stored as it is. */
export interface AddContent extends WriteOptions {
  content: string;
  messages?: never;
  topic?: string;
  importanceScore?: number;
  /** @deprecated give importanceScore */
  importance?: string;
  supersedes?: string;
}

/** A conversation, whose facts are stored. */
export interface AddMessages extends WriteOptions {
  messages: readonly { role: 'user' | 'assistant' | 'system'; content: string; name?: string }[];
  content?: never;
  llm?: LlmChoice;
}

export interface Supersession {
  supersededId: string;
  oldMemoryId: string;
  verdict: string;
  confidence: number;
  reason: string;
  model: string;
}

export interface AutoSupersede {
  ran: boolean;
  skippedReason: string | null;
  candidatesExamined: number;
  supersession: Supersession | null;
}

export interface AddContentResult {
  status: string;
  memoryId: string | null;
  companyId: string;
  tenantId: string | null;
  cursor: string;
  autoSupersede: AutoSupersede;
}

export interface AddMessagesResult {
  status: string;
  companyId: string;
  tenantId: string | null;
  cursor: string;
  extracted: string[];
  extractedCount: number;
  savedCount: number;
  memoryIds: string[];
  extraction: { provider: string; model: string; byoLlm: boolean } | null;
  autoSupersede: (AutoSupersede & { memoryId: string | null })[];
}

export interface ListOptions extends AsOf {
  tenantId?: string;
  source?: string | readonly string[];
  topic?: string | readonly string[];
  sessionId?: string | readonly string[];
  text?: string;
  minImportance?: number;
  includeSuperseded?: boolean;
  limit?: number;
  /** A cursor that a write returned: the list shows at least that. */
  atLeast?: string;
}

export interface MemoryList {
  companyId: string;
  tenantId: string | null;
  count: number;
  supersededCount: number;
  memories: Memory[];
  cursor: string;
}

export interface QueryOptions extends AsOf {
  question: string;
  limit?: number;
  tenantId?: string;
  sources?: readonly string[];
  referenceDate?: Instant;
  includeProofTree?: boolean;
  llm?: LlmChoice;
}

export interface Citation {
  /** N of the marker [mem-N]. */
  index: number;
  memoryId: string;
  decision: string;
  content: string;
  topic: string;
  similarity: number;
  citedByLlm: boolean;
  validFrom: Instant;
  isSuperseded: boolean;
  tenantId: string | null;
  source: string;
}

export interface Answer {
  question: string;
  answer: string;
  answerWithCitations: string;
  citations: Citation[];
  memories: Memory[];
  memoriesSearched: number;
  companyId: string;
  proofTree?: { version: string; answerHash: string; [field: string]: unknown };
}

export interface SupersedeOptions {
  supersededBy?: string;
  validTo?: Instant;
}

export interface SupersedeResult {
  status: string;
  memoryId: string;
  supersededBy: string | null;
  validTo: Instant;
  cursor: string;
}

export interface Timeline {
  memoryId: string;
  companyId: string;
  chainLength: number;
  timeline: Memory[];
}

export interface Audit {
  memoryId: string;
  memory: { summary: string; decision: string; topic: string };
  provenance: {
    sourceType: string;
    channel: string;
    originalInput: string;
    capturedAt: Instant;
    [field: string]: unknown;
  };
  extraction: { provider: string | null; model: string; promptVersion: string; extractedAt: Instant; byoLlm: boolean };
  temporal: Temporal;
  /** Oldest first; details keep the names of the wire. */
  history: { event: string; at: Instant; by: string; details: Record<string, unknown> | null }[];
}

export interface DeleteResult {
  status: string;
  companyId: string;
  tenantId: string | null;
  deletedCount: number;
}

export interface Settings {
  autoSupersedeDefault: boolean;
  excludedCategories: string[];
  minConfidence: number;
  classifierModel: string;
  freshnessHalfLifeDays: number;
}

export interface PlanStatus {
  orgId: string;
  planTier: string;
  planStatus: string;
  writesUsed: number;
  writesLimit: number;
  writesRemaining: number;
  periodStart: Instant;
  inGracePeriod: boolean;
  blocked: boolean;
}
