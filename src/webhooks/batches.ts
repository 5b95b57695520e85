import { setTimeout as pause } from 'node:timers/promises';

const LATE = Symbol('late');
/** A burst comes without pauses; what comes alone is not kept waiting longer than this. */
const GATHER_MS = 5;

/** What is there already in one go, up to `most`: each batch costs a transaction, each item alone would too. */
export async function* batches<Item>(source: AsyncIterator<Item>, most: number): AsyncGenerator<Item[]> {
  let coming = source.next();
  for (;;) {
    const first = await coming;
    if (first.done) return;
    const batch = [first.value];
    coming = source.next();
    coming.catch(() => undefined); // it fails where it is awaited
    while (batch.length < most) {
      const next = await Promise.race([coming, pause(GATHER_MS, LATE)]);
      if (next === LATE || next.done) break;
      batch.push(next.value);
      coming = source.next();
      coming.catch(() => undefined);
    }
    yield batch;
  }
}
