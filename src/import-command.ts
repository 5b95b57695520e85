import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { once } from 'node:events';
import { finished, pipeline } from 'node:stream/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { AppError } from './errors.js';
import { ProgressBar, type Screen } from './progress-bar.js';

export const IMPORT_USAGE = `palimpsest import FILE.ndjson[.gz] [--tenant TENANT] [--key KEY] [--results FILE] [--url URL]`;

/** How the command line speaks to a server. */
export interface Connection {
  url: string;
  apiKey: string | undefined;
  /** Between the first try and the second; each wait after it is twice as long. */
  firstWaitMs?: number;
}

interface ImportState {
  event: 'begun' | 'ended';
  import_id: string;
  state: string;
  rows_total: number;
  rows_done: number;
  stored: number;
  duplicates: number;
  rejected: number;
  code?: string;
  detail?: string;
}

interface Job {
  file: string;
  key: string;
  tenant: string | undefined;
  connection: Connection;
  results: WriteStream | undefined;
  bar: ProgressBar;
}

/** Tries without a single further row, before it is given up. */
const MOST_TRIES = 7;
const FIRST_WAIT_MS = 500;
/** Not the file's fault, nor the caller's: another try may do. */
const isPassing = (status: number): boolean => status === 408 || status >= 500;

/** An attempt ended for a reason that may pass. */
class Interrupted extends Error {}

/**
 * Imports a file through a running server and gives what to print. After a drop it goes on where it was; so does the same
 * command again, as long as the file is the same (the key is made of it, unless one is given).
 * @throws AppError with what the server says, or when it can not be reached
 */
export async function runImport(argv: readonly string[], connection: Connection, screen: Screen): Promise<string> {
  const { values, positionals } = read(argv);
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new AppError('INVALID_INPUT', `Usage:\n${IMPORT_USAGE}`);
  if (connection.apiKey === undefined) throw new AppError('UNAUTHENTICATED', 'AURRA_API_KEY: set it to an API key');
  await stat(file); // named in the error if it is not there
  const results = values['results'] === undefined ? undefined : createWriteStream(values['results'], { flags: 'a' });
  if (results) await once(results, 'open'); // before anything is sent: a file that can not be written
  const tenant = values['tenant'];
  const job: Job = {
    file,
    tenant,
    key: values['key'] ?? (await keyOf(file, tenant)),
    connection: { ...connection, url: values['url'] ?? connection.url },
    results,
    bar: new ProgressBar(screen),
  };
  try {
    const { rows_total, stored, duplicates, rejected, import_id } = await persist(job, screen);
    return `${rows_total} rows: ${stored} stored, ${duplicates} known already, ${rejected} rejected (import ${import_id})`;
  } finally {
    if (results) await finished(results.end());
  }
}

/** The same file for the same tenant is the same import. */
async function keyOf(file: string, tenant: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(tenant ?? null));
  await pipeline(createReadStream(file), hash);
  return `file-${hash.digest('hex')}`;
}

/** Sends the file until it is done. */
async function persist(job: Job, screen: Screen): Promise<ImportState> {
  let furthest = -1;
  for (let tries = 1; ; tries++) {
    let done = furthest;
    try {
      return await attempt(job, (state) => (done = state));
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      if (done > furthest) tries = 1;
      furthest = Math.max(furthest, done);
      if (tries >= MOST_TRIES)
        throw new AppError('UPSTREAM_UNAVAILABLE', `${error.message}. The same command goes on where it was.`);
      screen.write(`\n${error.message}; trying again\n`);
      await pause((job.connection.firstWaitMs ?? FIRST_WAIT_MS) * 2 ** (tries - 1));
    }
  }
}

async function attempt(job: Job, onProgress: (rowsDone: number) => void): Promise<ImportState> {
  const response = await post(job);
  if (!response.ok || !response.body) {
    const { detail, code } = (await response.json().catch(() => ({}))) as { detail?: string; code?: string };
    const message = detail ?? `the server answered ${response.status}`;
    if (isPassing(response.status)) throw new Interrupted(message);
    throw new AppError('INVALID_INPUT', code === undefined ? message : `${code}: ${message}`);
  }
  let state: ImportState | undefined;
  let done = 0;
  const lines = createInterface({ input: Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]) });
  try {
    for await (const line of lines) {
      const value = JSON.parse(line) as ImportState | { line: number };
      if ('event' in value) {
        state = value;
        done = value.rows_done;
      } else {
        done += 1;
        if (job.results && !job.results.write(`${line}\n`)) await once(job.results, 'drain');
      }
      onProgress(done);
      job.bar.show(done, state?.rows_total ?? done, state?.event === 'ended');
    }
  } catch (error) {
    throw new Interrupted('the connection broke', { cause: error });
  }
  if (state?.event !== 'ended') throw new Interrupted('the connection broke');
  if (state.state === 'done') return state;
  const message = `${state.code ?? ''}: ${state.detail ?? 'the import failed'}`;
  if (state.code?.startsWith('UPSTREAM_')) throw new Interrupted(message);
  throw new AppError(
    'CONFLICT',
    `${message} ${state.rows_done} of ${state.rows_total} rows are done; the same command goes on after them.`,
  );
}

async function post({ file, key, tenant, connection: { url, apiKey } }: Job): Promise<Response> {
  const target = new URL('/agent/memories/import', url);
  if (tenant !== undefined) target.searchParams.set('tenant_id', tenant);
  const source = createReadStream(file);
  const bytes = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => bytes.destroy(error));
  try {
    // `duplex` says that the body comes as a stream; the types do not know it yet.
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      body: Readable.toWeb(bytes) as ReadableStream<Uint8Array>,
      duplex: 'half',
      headers: {
        authorization: `Bearer ${apiKey ?? ''}`,
        'content-type': 'application/x-ndjson',
        'idempotency-key': key,
      },
    };
    return await fetch(target, init);
  } catch (error) {
    bytes.destroy();
    throw new Interrupted(`${target.origin} can not be reached`, { cause: error });
  }
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { tenant: text, key: text, results: text, url: text },
      allowPositionals: true,
    });
  } catch (error) {
    throw new AppError('INVALID_INPUT', `${error instanceof Error ? error.message : String(error)}\n${IMPORT_USAGE}`);
  }
}
