import type { EventTail, EventTails } from '../store/event-tails.js';
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

/**
 * Reads on in the account's events, all that are there, and says whether one of them concerns the question. What came lately is read
 * once for all who follow the account.
 */
export class AnswerNews {
  readonly #tail: EventTail;

  constructor(
    readonly db: Deps['db'],
    private readonly tails: EventTails,
    { scope, cursor }: Pick<PreparedQuestion, 'scope' | 'cursor'>,
  ) {
    this.cursor = cursor;
    this.#tail = tails.join(scope.accountId, cursor);
  }

  /** Everything up to here was looked at. */
  cursor: bigint;

  async read(asked: Asked, signal: AbortSignal): Promise<boolean> {
    let isConcerned = false;
    for (;;) {
      const events = await this.#next(signal);
      isConcerned ||= events.some((event) => concerns(asked, event));
      this.cursor = events.at(-1)?.seq ?? this.cursor;
      if (events.length === 0) return isConcerned;
    }
  }

  /** Some of what comes next. What is no longer in memory is in the table. */
  async #next(signal: AbortSignal): Promise<readonly MemoryEvent[]> {
    const { accountId, floor } = this.#tail;
    if (this.cursor >= floor) return this.#tail.after(this.cursor);
    return outlast(() => readEventsAfter(this.db, accountId, this.cursor, BATCH), signal);
  }

  /** Resolves once there are more events, or when `signal` aborts; never rejects. */
  more(signal: AbortSignal): Promise<void> {
    return this.#tail.next(this.cursor, signal);
  }

  close(): void {
    this.tails.leave(this.#tail);
  }
}
