import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError, toAppError } from '../errors.js';
import { Slice } from '../slice.js';
import { readAccountAndSettings } from '../store/accounts.js';
import { claimImport, failImport, readImport, readImportByKey, type MemoryImport } from '../store/imports.js';
import { withLedger } from '../store/ledger.js';
import { LARGE } from '../store/nearest.js';
import { spool, type Spool } from '../store/spool.js';
import { authorize, tenantOf } from './authorize.js';
import { prove } from './authenticate.js';
import type { Caller, Deps } from './deps.js';
import { prepareBatch, recordBatch, type Batch, type RowResult, type Run } from './import-batch.js';
import { toRow, type Reading, type Rename, type Row } from './import-rows.js';
import { optional, parseInput, tenantId, text, uuid } from './parse-input.js';
import { asNamed, storedName } from './request-names.js';
import { FIRST_BATCH, nextBatchSize } from './rules/batch-size.js';
import { assertMayWrite, planUsage } from './rules/quota.js';

export type { MemoryImport } from '../store/imports.js';
export type { RowResult } from './import-batch.js';

/** What an import takes besides its lines. */
export const importInput = z
  .object({ importId: optional(uuid), idempotencyKey: optional(text(255)), tenantId })
  .refine(({ importId, idempotencyKey }) => importId === undefined || idempotencyKey === undefined, {
    error: 'goes without an idempotency key: either names the import',
    path: ['importId'],
  });

export interface ImportInput {
  /** An import to go on with. */
  importId?: unknown;
  /** The caller's name for the import: the same one again goes on with it. */
  idempotencyKey?: unknown;
  /** The tenant of rows that name none. */
  tenantId?: unknown;
}

/** Facts as NDJSON, one a line. */
export interface ImportBody {
  bytes: AsyncIterable<Uint8Array>;
  rename: Rename;
}

/** An import as it goes on. */
export interface Importing {
  /** Where it begins: `rowsDone` rows were done by earlier requests, and are passed over. */
  begun: MemoryImport;
  /**
   * Each batch as it is committed; nothing is done before it is asked for, but for one batch that is made ready. To be asked
   * until it ends, or told to `return`. @throws AppError CONFLICT, QUOTA_EXCEEDED, UPSTREAM_*: what was committed stays, and the same
   * import may be sent again
   */
  batches: AsyncGenerator<{ results: readonly RowResult[]; progress: MemoryImport }>;
}

/**
 * Stores facts in bulk, each as `addMemories` stores one (content mode, nothing superseded). The body is taken in whole, its rows
 * are counted against the quota, and only then the first is stored. A row that can not be stored is reported and costs no other
 * its place. Batches are transactions of their own, in which the import advances: sent again, by key or by id, it goes on after
 * the last row that was committed.
 * @throws AppError BODY_TOO_LARGE, QUOTA_EXCEEDED, NOT_FOUND (no such import), INVALID_INPUT (its content is another)
 */
export async function importMemories(
  deps: Deps,
  caller: Caller,
  input: ImportInput,
  { bytes, rename }: ImportBody,
): Promise<Importing> {
  authorize(caller, 'memories:write');
  const { importId, idempotencyKey, tenantId: tenant } = parseInput(importInput, input);
  const named = caller.boundTenant === undefined ? tenant : tenantOf(caller, tenant);
  const known = await readKnown(deps, caller, importId, idempotencyKey);
  const { maxImportBytes: maxBytes, maxBodyBytes: maxLineBytes } = deps.config;
  const body = await spool(bytes, { maxBytes, maxLineBytes });
  try {
    // A body may take minutes to arrive.
    if (caller.shown) authorize(await prove(deps, caller.shown), 'memories:write');
    const contentHash = createHash('sha256')
      .update(JSON.stringify(named ?? null))
      .update(body.hash)
      .digest();
    await assertMayStore(deps, caller, body.rows - (known?.rowsDone ?? 0));
    const [id, runner] = [randomUUID(), randomUUID()];
    const key = known?.key ?? storedName(caller, idempotencyKey ?? id);
    const begun = await claimImport(deps.db, {
      ...{ accountId: caller.accountId, apiKeyId: caller.apiKeyId, boundTenant: caller.boundTenant },
      ...{ id, key, contentHash, runner },
      rowsTotal: body.rows,
      now: deps.now(),
    });
    if (!begun) {
      const field = importId === undefined ? 'idempotencyKey' : 'importId';
      throw new AppError('INVALID_INPUT', `${field}: names an import of another content`, { field });
    }
    const run = { deps, caller, importId: begun.id, runner };
    const reading = { rename, caller, tenantId: tenant, maxLineBytes };
    return { begun: asNamed(begun), batches: runImport(run, begun, body, reading) };
  } catch (error) {
    await body.dispose();
    throw error;
  }
}

async function readKnown(
  { db }: Deps,
  caller: Caller,
  id: string | undefined,
  key: string | undefined,
): Promise<MemoryImport | null> {
  if (id === undefined) return key === undefined ? null : readImportByKey(db, caller, storedName(caller, key));
  const found = await readImport(db, caller, id);
  if (!found) throw new AppError('NOT_FOUND', 'There is no such import.', { field: 'importId' });
  return found;
}

/** As if each row were new: what is a duplicate is known only later. Counted exactly under the lock of each batch. */
async function assertMayStore(deps: Deps, caller: Caller, rows: number): Promise<void> {
  const { account } = await readAccountAndSettings(deps.db, caller);
  if (rows > 0) assertMayWrite(planUsage(account, deps.config.writesLimits, deps.now()), rows);
}

/** After so many rows, twice as many, and so on the database is to look at its tables: what it knew of them is of no use by then. */
const FIRST_LOOK = 1_000;

async function* runImport(run: Run, begun: MemoryImport, body: Spool, reading: Reading): Importing['batches'] {
  const { deps, caller, importId: id, runner } = run;
  const size = { rows: FIRST_BATCH };
  const rows = { done: 0, lookAt: FIRST_LOOK };
  let failure = 'STOPPED'; // unless it comes to its end: the caller left
  const rowsOf = new Map<string, number>(); // by tenant
  const batches = new Ahead(prepared(deps, batchesOf(body, reading, begun.rowsDone, size)));
  const ended = new AbortController();
  const forget = deps.sessions.open(caller, (why) => ended.abort(why));
  try {
    for (let item = await batches.take(); !item.done; item = await batches.take()) {
      const batch = item.value;
      await deps.giveWay();
      ended.signal.throwIfAborted(); // its key was revoked, or the like
      let startedAt = 0; // of the work: to wait for the lock says nothing of a batch
      const { result } = await withLedger(deps.db, caller, deps.now, (tx, ledger) => {
        startedAt = performance.now();
        return recordBatch(tx, ledger, run, batch, () => {
          batches.getReady();
        });
      });
      if (batch.rows.length >= size.rows)
        size.rows = nextBatchSize(size.rows, performance.now() - startedAt, deps.batchMs);
      rows.done += batch.rows.length;
      if (rows.done >= rows.lookAt) {
        rows.lookAt *= 2;
        await deps.lookAtTables().catch(() => undefined); // the import goes on without
      }
      for (const row of batch.rows)
        if ('tenantId' in row) rowsOf.set(row.tenantId, (rowsOf.get(row.tenantId) ?? 0) + 1);
      yield { ...result, progress: asNamed(result.progress) };
    }
  } catch (error) {
    failure = toAppError(error).code;
    throw error;
  } finally {
    forget();
    await batches.end();
    await body.dispose();
    for (const [tenantId, rows] of rowsOf)
      if (rows > LARGE) deps.indexing.look({ accountId: caller.accountId, tenantId });
    // Where the database is gone it goes on being called RUNNING, until it is sent again.
    await failImport(deps.db, { accountId: caller.accountId, id, runner }, failure, deps.now()).catch(() => undefined);
  }
}

/** Bytes of rows that one batch holds at most, unless a single one has more. */
const MAX_BATCH_BYTES = 1024 * 1024;

/** Rows to store together, without the first `skip`. */
async function* batchesOf(
  body: Spool,
  reading: Reading,
  skip: number,
  size: { readonly rows: number },
): AsyncGenerator<Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  let passed = 0;
  const slice = new Slice();
  for await (const lines of body.lines()) {
    for (const line of lines) {
      passed += 1;
      if (passed <= skip) continue;
      const pause = slice.rest();
      if (pause) await pause;
      const row = toRow(line, reading);
      if (batch.length > 0 && (batch.length >= size.rows || bytes + row.bytes > MAX_BATCH_BYTES)) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push(row);
      bytes += row.bytes;
    }
  }
  if (batch.length > 0) yield batch;
}

async function* prepared(deps: Deps, batches: AsyncGenerator<Row[]>): AsyncGenerator<Batch> {
  for await (const rows of batches) yield prepareBatch(deps, rows);
}

/** Items of which the next one is made ready while one is worked on. */
class Ahead<Item> {
  #next: Promise<IteratorResult<Item, unknown>> | undefined;

  constructor(private readonly items: AsyncGenerator<Item>) {}

  /** Begins with the next one. */
  getReady(): void {
    this.#next ??= this.items.next();
    this.#next.catch(() => undefined); // it is thrown where it is taken, if it still is
  }

  take(): Promise<IteratorResult<Item, unknown>> {
    const next = this.#next ?? this.items.next();
    this.#next = undefined;
    return next;
  }

  async end(): Promise<void> {
    await this.items.return(undefined).catch(() => undefined);
  }
}
