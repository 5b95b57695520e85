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
  const isOfAll = event.kind === 'DELETED' && (event.details as { allTenants?: unknown } | null)?.allTenants === true;
  if (event.tenantId !== scope.tenantId && !isOfAll) return false;
  if (asked.sources === null || event.source === null || asked.sources.includes(event.source)) return true;
  // The source is that of what replaces; what is replaced may be of another.
  return memories.some(({ id }) => id === event.beforeId || id === event.memoryId);
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
