import type { EventTail } from '../store/event-tails.js';
import type { MemoryEvent } from '../store/events.js';
import type { FeedEvent } from './follow-events.js';

const AHEAD = 31;

/**
 * Events of a feed that were read together. What follows the feed may take the next ones from here, without asking it and waiting
 * for each: to wait costs more than all else of a delivery. What was taken the feed does not give any more.
 */
export class EventBatch {
  #taken = 0;

  constructor(
    private readonly events: readonly MemoryEvent[],
    private readonly tail: Pick<EventTail, 'deletions'>,
  ) {}

  /** What `take` would give. */
  peek(): FeedEvent | undefined {
    const event = this.events[this.#taken];
    return event && this.#itemOf(event);
  }

  take(): FeedEvent | undefined {
    const item = this.peek();
    if (item) this.#taken++;
    return item;
  }

  /** Some that come next: what is made of them together takes fewer statements. */
  ahead(): FeedEvent[] {
    return this.events.slice(this.#taken, this.#taken + AHEAD).map((event) => this.#itemOf(event));
  }

  #itemOf(event: MemoryEvent): FeedEvent {
    return { kind: 'EVENT', event, view: this.tail.deletions, batch: this };
  }
}
