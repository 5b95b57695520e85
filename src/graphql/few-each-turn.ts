/** How many things are done in one turn of the event loop. */
const MOST = 10;

let done = 0;
const waiting: (() => void)[] = [];

/**
 * Does `work` now, or in one of the next turns of the event loop where much of it comes at once: a client that goes may leave
 * a thousand feeds to end, between which others have their turn.
 */
export function fewEachTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (done >= MOST || waiting.length > 0) return new Promise((resolve) => waiting.push(() => resolve(work())));
  if (done++ === 0) setImmediate(goOn);
  return work();
}

function goOn(): void {
  const next = waiting.splice(0, MOST);
  done = next.length;
  for (const work of next) work();
  if (done > 0) setImmediate(goOn);
}
