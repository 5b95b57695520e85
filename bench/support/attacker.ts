// A process of its own that attacks a server in a loop, or spins for as long without attacking: what it takes of the machine itself is
// not the server's doing. It runs at the lowest priority, so that the server and its clients go first.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { BODIES } from '../../test/attacks/rows/bodies.js';
import { DOCUMENTS } from '../../test/attacks/rows/documents.js';
import { HTTP } from '../../test/attacks/rows/http.js';
import { SOCKETS } from '../../test/attacks/rows/sockets.js';
import { TEXTS } from '../../test/attacks/rows/texts.js';
import type { Attack, Target } from '../../test/support/target.js';

export const GROUPS: Readonly<Record<string, readonly Attack[]>> = {
  documents: DOCUMENTS,
  bodies: BODIES,
  http: HTTP,
  sockets: SOCKETS,
  texts: TEXTS,
};

export const rowsOf = (groups: readonly string[]): Attack[] => groups.flatMap((group) => [...(GROUPS[group] ?? [])]);

export interface Did {
  sent: number;
  held: number;
  /** Of one core, between 0 and 1: what the process itself took. */
  share: number;
}

type Order = { kind: 'attack'; target: Target; groups: readonly string[] } | { kind: 'spin'; share: number };

/** Begins, and resolves once each attack was sent once; the function given back ends it, and tells what it did since. */
export async function startProcess(order: Order): Promise<() => Promise<Did>> {
  const child = fork(import.meta.filename, [JSON.stringify(order)], { execArgv: process.execArgv });
  await once(child, 'message');
  return async () => {
    child.send('end');
    const [did] = (await once(child, 'message')) as [Did];
    return did;
  };
}

/** Every row after the other, again and again. One that is not held is told. */
async function attack(target: Target, groups: readonly string[], tally: Did, begun: () => void): Promise<void> {
  for (let round = 1; ; round++) {
    if (round === 2) begun();
    for (const { name, expected, run } of rowsOf(groups)) {
      const outcome = await run(target).catch((error: unknown) => String(error));
      tally.sent += 1;
      if (outcome === expected) tally.held += 1;
      else console.log(`  ${name}: ${outcome.slice(0, 200)}, expected ${expected.slice(0, 200)}`);
    }
  }
}

const SLICE_MS = 20;

/** Takes this share of a core. */
async function spin(share: number): Promise<void> {
  for (;;) {
    const busyUntil = performance.now() + share * SLICE_MS;
    while (performance.now() < busyUntil);
    await pause((1 - share) * SLICE_MS);
  }
}

if (process.argv[1] === import.meta.filename && process.send) {
  const order = JSON.parse(process.argv[2] ?? '') as Order;
  const tally: Did = { sent: 0, held: 0, share: 0 };
  os.setPriority(os.constants.priority.PRIORITY_LOW);
  let [since, used] = [0, process.cpuUsage()];
  const begun = (): void => {
    Object.assign(tally, { sent: 0, held: 0 });
    [since, used] = [performance.now(), process.cpuUsage()];
    process.send?.('begun');
  };
  process.on('message', () => {
    const { user, system } = process.cpuUsage(used);
    process.send?.({ ...tally, share: (user + system) / 1_000 / (performance.now() - since) });
    process.exit(0);
  });
  if (order.kind === 'attack') await attack(order.target, order.groups, tally, begun);
  begun();
  if (order.kind === 'spin') await spin(order.share);
}
