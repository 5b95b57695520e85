import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

interface WorkerMessage {
  ready?: true;
  failed?: string;
  id?: number;
  reply?: Uint8Array;
  error?: string;
  channel?: string;
  payload?: string;
}

interface PendingCall {
  resolve(reply: Uint8Array): void;
  reject(error: Error): void;
}

const { resolve } = createRequire(import.meta.url);
let compiled: Promise<WebAssembly.Module> | undefined;

/** PostgreSQL as machine code: compiled once a process, and shared by all that run it, which takes most of the time of a start. */
const program = (): Promise<WebAssembly.Module> =>
  (compiled ??= readFile(path.join(path.dirname(resolve('@electric-sql/pglite')), 'pglite.wasm')).then((bytes) =>
    WebAssembly.compile(new Uint8Array(bytes)),
  ));

/** PGlite in its worker thread. It has one session, shared by everything that talks to it. */
export class EmbeddedPostgres {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #calls = new Map<number, PendingCall>();
  readonly #listeners = new Map<string, (payload: string) => void>();
  #lastId = 0;
  #failure: Error | undefined;

  /** `dataDir`: a folder, or "memory://"; `snapshot`: a file made by `dump`, to begin from. */
  constructor(dataDir: string, snapshot?: string) {
    this.#worker = new Worker(new URL('./pglite-worker.js', import.meta.url), { workerData: { dataDir, snapshot } });
    this.ready = new Promise((resolve, reject) => {
      program().then((module) => this.#worker.postMessage(module), reject);
      this.#worker.on('error', (error: Error) => {
        this.#fail(error);
        reject(error);
      });
      this.#worker.on('exit', (code) => this.#fail(new Error(`the embedded database ended (${code})`)));
      this.#worker.on('message', (message: WorkerMessage) => {
        if (message.ready) resolve();
        else if (message.failed !== undefined) reject(new Error(message.failed));
        else this.#receive(message);
      });
    });
  }

  /** Sends bytes of PostgreSQL's frontend protocol and gives back the backend's. */
  execute(message: Uint8Array): Promise<Uint8Array> {
    return this.#call({ op: 'execute', message });
  }

  /** Calls `listener` for each NOTIFY on `channel`. To be called at start: inside a transaction that rolls back it is lost. */
  async listen(channel: string, listener: (payload: string) => void): Promise<void> {
    this.#listeners.set(channel, listener);
    await this.#call({ op: 'listen', channel });
  }

  /** The whole data folder as a tar archive. */
  dump(): Promise<Uint8Array> {
    return this.#call({ op: 'dump' });
  }

  async close(): Promise<void> {
    if (!this.#failure) await this.#call({ op: 'close' });
    await this.#worker.terminate();
  }

  #call(call: object): Promise<Uint8Array> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...call });
    });
  }

  #receive({ id, reply, error, channel, payload }: WorkerMessage): void {
    if (channel !== undefined) return this.#listeners.get(channel)?.(payload ?? '');
    const call = this.#calls.get(id ?? 0);
    this.#calls.delete(id ?? 0);
    if (error === undefined) call?.resolve(reply ?? new Uint8Array());
    else call?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }
}
