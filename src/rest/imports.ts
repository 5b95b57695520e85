import { eachFor } from '../core/act-for.js';
import { getImport } from '../core/get-import.js';
import { importMemories, type Importing, type MemoryImport, type RowResult } from '../core/import-memories.js';
import { AppError, toAppError } from '../errors.js';
import type { ReportBug, RestCall, Route } from './call.js';
import type { Shape } from './replies/shape.js';
import type { importState } from './replies/streams.js';
import { fromWire, timestamp, toWireName, wireMessage } from './wire.js';

/** Facts in bulk, as NDJSON in both directions. */
export const IMPORT_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/agent/memories/import', run: postImport, isStreamed: true },
  {
    method: 'GET',
    path: '/agent/imports/{import_id}',
    run: async ({ deps, caller, path }) => toImport(await getImport(deps, caller, { id: path['import_id'] })),
  },
];

async function postImport({ deps, caller, query, headers, bytes, report }: RestCall): Promise<Response> {
  assertPlain(headers.get('content-encoding'));
  assertFits(Number(headers.get('content-length') ?? 0), deps.config.maxImportBytes);
  const input = {
    importId: query.get('import_id'),
    idempotencyKey: headers.get('idempotency-key'),
    tenantId: query.get('tenant_id'),
  };
  const importing = await importMemories(deps, caller, input, { bytes, rename: fromWire });
  const lines = eachFor(caller, linesOf(importing, report));
  return new Response(toStream(lines), { headers: { 'content-type': 'application/x-ndjson' } });
}

function assertPlain(encoding: string | null): void {
  if (encoding === null || encoding.toLowerCase() === 'identity') return;
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send the body without a content encoding.');
}

/** Before any of it is taken in, where its length is told. */
function assertFits(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new AppError('BODY_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`);
}

/** First where it begins, then a line per row as batches are committed, last how it ended. */
async function* linesOf({ begun, batches }: Importing, report: ReportBug): AsyncGenerator<string> {
  let progress = begun;
  yield toLine({ event: 'begun', ...toImport(begun) });
  try {
    for await (const batch of batches) {
      progress = batch.progress;
      yield batch.results.map((result) => toLine(toResult(result))).join('');
    }
    yield toLine({ event: 'ended', ...toImport(progress) });
  } catch (error) {
    const failure = toAppError(error);
    if (failure.code === 'INTERNAL') report(error);
    const failed = { ...progress, state: 'FAILED', failure: failure.code };
    yield toLine({ event: 'ended', ...toImport(failed), ...toError(failure) });
  }
}

const toLine = (value: object): string => `${JSON.stringify(value)}\n`;

/** Pulled: who reads slowly is imported for slowly. Who leaves ends it after the batch that is under way. */
function toStream(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const line = await lines.next();
      if (line.done) controller.close();
      else controller.enqueue(encoder.encode(line.value));
    },
    cancel: async () => {
      await lines.return(undefined);
    },
  });
}

const toError = (error: AppError) => ({
  code: error.code,
  ...(error.field !== undefined && { field: toWireName(error.field) }),
  detail: wireMessage(error),
});

const toResult = (result: RowResult) => ({
  line: result.line,
  status: result.status.toLowerCase(),
  ...(result.status === 'REJECTED' ? toError(result.error) : { memory_id: result.id }),
});

const toImport = (row: MemoryImport): Shape<typeof importState> => ({
  import_id: row.id,
  key: row.key,
  // The database checks the words.
  state: row.state.toLowerCase() as 'running' | 'done' | 'failed',
  failure: row.failure,
  rows_total: row.rowsTotal,
  rows_done: row.rowsDone,
  stored: row.stored,
  duplicates: row.duplicates,
  rejected: row.rejected,
  created_at: timestamp(row.createdAt),
  updated_at: timestamp(row.updatedAt),
});
