// The embedded PostgreSQL, in a worker thread: queries, index builds and initdb never block the server's event loop.
// Plain JavaScript, because a worker is loaded by path: the same file must run beside sources and in the build.
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

/** @typedef {{ id: number, op: 'execute' | 'listen' | 'dump' | 'close', message?: Uint8Array, channel?: string }} Call */

const port = parentPort;
if (!port) throw new Error('pglite-worker.js runs in a worker thread only');

/** @param {unknown} given */
const toFolder = (given) => /** @type {{ dataDir: string, snapshot?: string }} */ (given);
const { dataDir, snapshot } = toFolder(workerData);

/** @param {WebAssembly.Module} program */
async function open(program) {
  const options = { dataDir, extensions: { vector }, pgliteWasmModule: program };
  return snapshot
    ? PGlite.create({ ...options, loadDataDir: new Blob([new Uint8Array(await readFile(snapshot))]) })
    : PGlite.create(options);
}

// Comes first, and may take a while to be made; calls that follow wait for it.
/** @type {Promise<WebAssembly.Module>} */
const program = new Promise((resolve) => port.once('message', resolve));
const opening = program.then(open);
opening.then(
  () => port.postMessage({ ready: true }),
  (/** @type {unknown} */ error) => port.postMessage({ failed: messageOf(error) }),
);

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {Call} call */
async function run({ id, op, message, channel }) {
  const db = await opening;
  if (op === 'execute' && message) {
    // A copy: the reply is a view of the WASM heap, which the next query overwrites.
    const reply = (await db.execProtocolRaw(message)).slice();
    port?.postMessage({ id, reply }, [reply.buffer]);
    return;
  }
  if (op === 'listen' && channel) await db.listen(channel, (payload) => port?.postMessage({ channel, payload }));
  if (op === 'close') await db.close();
  const reply = op === 'dump' ? new Uint8Array(await (await db.dumpDataDir('none')).arrayBuffer()) : undefined;
  port?.postMessage({ id, reply });
}

// One after the other: PGlite has one session, and messages of two queries must not interleave.
/** @type {Promise<unknown>} */
let queue = opening.catch(() => undefined);
port.on('message', (/** @type {Call | WebAssembly.Module} */ call) => {
  if (!('op' in call)) return;
  queue = queue.then(() =>
    run(call).catch((/** @type {unknown} */ error) => port.postMessage({ id: call.id, error: messageOf(error) })),
  );
});
