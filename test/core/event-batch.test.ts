import { expect, it } from 'vitest';
import { EventBatch } from '../../src/core/event-batch.js';
import { EventTail } from '../../src/store/event-tails.js';
import type { MemoryEvent } from '../../src/store/events.js';

const event = (seq: bigint, kind = 'CREATED'): MemoryEvent => ({ seq, kind }) as MemoryEvent;
const events = [event(1n), event(2n), event(3n)];
const seqOf = (item: ReturnType<EventBatch['take']>): bigint | undefined => item?.event.seq;

it('gives each event once, in order, whoever takes it', () => {
  const batch = new EventBatch(events, new EventTail('an account', 3n));
  const first = batch.take();
  expect(seqOf(first)).toBe(1n);
  expect(seqOf(batch.peek())).toBe(2n);
  expect(seqOf(first?.batch.take())).toBe(2n);
  expect(batch.ahead().map(seqOf)).toEqual([3n]);
  expect(seqOf(batch.take())).toBe(3n);
  expect(batch.take()).toBeUndefined();
});

it('gives an event as it is to be shown when it is taken, not when it was read', () => {
  const tail = new EventTail('an account', 3n);
  const batch = new EventBatch(events, tail);
  const before = batch.take()?.view;
  tail.add([event(4n, 'DELETED')]);
  expect(batch.peek()?.view).not.toBe(before);
  expect(new Set(batch.ahead().map(({ view }) => view))).toEqual(new Set([batch.take()?.view]));
});
