import type { Db } from './client.js';
import { readEventsAfter, readLastSeq, type MemoryEvent } from './events.js';
import { runAs } from './guard.js';
import { JoinedReads } from './joined-reads.js';
import { RequestTime } from './request-time.js';
import type { Wakeups } from './wakeups.js';

/** A lost hint costs the readers at most this. */
const POLL_MS = 5_000;
const BATCH = 100;
/** Events kept in memory per account; who is further behind reads the table. */
const KEPT = 500;

/** The newest events of one account, read once for everybody in this process who follows it. */
export class EventTail {
  #events: MemoryEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly stop = new AbortController();
  followers = 0;
  /** How often memories were deleted: what was made of events before is no longer to be shown. */
  deletions = 0;

  /** Events after `floor`, up to `newest`, are in memory. */
  constructor(
    readonly accountId: string,
    public floor: bigint,
  ) {}

  get newest(): bigint {
    return this.floor + BigInt(this.#events.length);
  }

  /** The events after a cursor that is not before `floor`: sequence numbers have no gaps. At most one batch. */
  after(cursor: bigint): readonly MemoryEvent[] {
    const from = Number(cursor - this.floor);
    return this.#events.slice(from, from + BATCH);
  }

  add(events: readonly MemoryEvent[]): void {
    if (events.length === 0) return;
    for (const event of events) {
      // A deletion also takes from earlier events what they held of it: the table has those as they are now.
      if (event.kind === 'DELETED') this.#forget(event.seq - 1n);
      this.#events.push(event);
    }
    if (this.#events.length > KEPT) this.floor += BigInt(this.#events.splice(0, this.#events.length - KEPT).length);
    for (const wake of [...this.#waiting]) wake();
  }

  #forget(upTo: bigint): void {
    this.deletions++;
    this.#events = [];
    this.floor = upTo;
  }

  /** Resolves once there are events after the cursor, or when `signal` aborts; never rejects. */
  next(cursor: bigint, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.newest > cursor || signal.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        if (this.newest <= cursor && !signal.aborted) return; // begun ahead of what is in memory
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}

/** One reader per account that has followers, whatever their number: SQL per event does not grow with the audience. */
export class EventTails {
  readonly #tails = new Map<string, EventTail>();
  readonly #newest = new JoinedReads<bigint>();

  constructor(
    private readonly db: Db,
    private readonly wakeups: Wakeups,
    /** Told when the table can not be read; the reader goes on trying. */
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** The account's last sequence number, as it is now or later: read once for all who open a feed at the same time. */
  newest(accountId: string): Promise<bigint> {
    const read = (): Promise<bigint> => runAs({ accountId }, () => readLastSeq(this.db, accountId));
    return this.#newest.join(accountId, () => RequestTime.without(read));
  }

  /**
   * The account's tail, which begins at `newest` where nobody followed before; where somebody did, it may still be behind that, and
   * is read on. Every `join` needs its `leave`.
   */
  join(accountId: string, newest: bigint): EventTail {
    const known = this.#tails.get(accountId);
    if (known && known.newest < newest) this.wakeups.wake(accountId);
    const tail = known ?? new EventTail(accountId, newest);
    if (!known) {
      this.#tails.set(accountId, tail);
      // For the account, and not for who happens to be the first to follow: that key may be bound to one tenant.
      void runAs({ accountId }, () => this.#read(tail));
    }
    tail.followers++;
    return tail;
  }

  /** The last one to leave stops the reader. */
  leave(tail: EventTail): void {
    if (--tail.followers > 0) return;
    tail.stop.abort();
    this.#tails.delete(tail.accountId);
  }

  async #read(tail: EventTail): Promise<void> {
    const { signal } = tail.stop;
    let woken: Promise<void> | undefined;
    while (!signal.aborted) {
      woken ??= this.wakeups.next(tail.accountId, POLL_MS, signal); // armed before the read, so that nothing falls between
      const events = await readEventsAfter(this.db, tail.accountId, tail.newest, BATCH).catch((error: unknown) => {
        if (!signal.aborted) this.onTrouble(error);
        return []; // a database that is away delays its readers, and ends nobody's feed
      });
      tail.add(events);
      if (events.length > 0) continue; // one wait at a time: a long burst would arm one per batch
      await woken;
      woken = undefined;
    }
  }
}
