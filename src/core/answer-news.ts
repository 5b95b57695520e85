import { readEventsAfter, type MemoryEvent } from '../store/events.js';
import type { Deps } from './deps.js';
import { outlast } from './outlast.js';
import type { PreparedQuestion } from './prepare-question.js';

const BATCH = 500;
/** What changes which memories are current; the classifier's deliberations do not. */
const CHANGES = new Set(['CREATED', 'SUPERSEDED', 'EXPIRED', 'RETRACTED', 'REVERTED', 'DELETED']);

type Asked = Pick<PreparedQuestion, 'scope' | 'asked' | 'memories'>;

/** Whether an event may change what is found for a question. */
function concerns({ scope, asked, memories }: Asked, event: MemoryEvent): boolean {
  if (!CHANGES.has(event.kind)) return false;
  if (event.tenantId !== scope.tenantId && !isOfAll(event)) return false;
  if (asked.sources === null || event.source === null || asked.sources.includes(event.source)) return true;
  // The source is that of what replaces; what is replaced may be of another.
  return memories.some(({ id }) => id === event.beforeId || id === event.memoryId);
}

/** A deletion in every tenant; or of one that was erased, so that its events do not name it any more. */
function isOfAll({ kind, details }: MemoryEvent): boolean {
  const { allTenants, subject } = (details ?? {}) as { allTenants?: unknown; subject?: unknown };
  return kind === 'DELETED' && (allTenants === true || subject === 'TENANT');
}

/** Reads on in the account's events, all that are there, and says whether one of them concerns the question. */
export class AnswerNews {
  constructor(
    readonly db: Deps['db'],
    public cursor: bigint,
  ) {}

  async read(asked: Asked, signal: AbortSignal): Promise<boolean> {
    let isConcerned = false;
    for (;;) {
      const events = await outlast(() => readEventsAfter(this.db, asked.scope.accountId, this.cursor, BATCH), signal);
      isConcerned ||= events.some((event) => concerns(asked, event));
      this.cursor = events.at(-1)?.seq ?? this.cursor;
      if (events.length < BATCH) return isConcerned;
    }
  }
}
