// Loaded into a built server by a bench (NODE_OPTIONS=--import): how long its event loop, and that of the embedded database's worker,
// were busy, and how long at a stretch. Writes it to standard error when it is sent SIGUSR2, and begins anew.
// Plain JavaScript, as it runs where no TypeScript is read. Worker threads load it too.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

/** @typedef {{ busyMs: number, longestMs: number }} Busy */

const RESOLUTION_MS = 2;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let before = performance.eventLoopUtilization();

/** @returns {Busy} since the last time */
function take() {
  const now = performance.eventLoopUtilization();
  const { active } = performance.eventLoopUtilization(now, before);
  const longestMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  before = now;
  delay.reset();
  return { busyMs: active, longestMs };
}

const channel = new BroadcastChannel('loop-probe');
channel.unref();
if (isMainThread) {
  channel.onmessage = (/** @type {unknown} */ event) => {
    const { data } = /** @type {{ data: { worker?: Busy } }} */ (event);
    if (data.worker) process.stderr.write(`\nprobe ${JSON.stringify({ main: take(), database: data.worker })}\n`);
  };
  process.on('SIGUSR2', () => channel.postMessage({}));
} else {
  channel.onmessage = (/** @type {unknown} */ event) => {
    const { data } = /** @type {{ data: { worker?: Busy } }} */ (event);
    if (!data.worker) channel.postMessage({ worker: take() });
  };
}
