import type { MemoryImport } from '../store/imports.js';
import { actFor } from './act-for.js';
import { audienceOf } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import { getImport } from './get-import.js';
import type { Reading } from './states.js';

/**
 * An import as it is now, then each time it has come further, until it is done or has failed. Pulled: who asks slowly is told
 * of several batches at once. @throws AppError as getImport
 */
export async function* followImport(
  deps: Deps,
  caller: Caller,
  input: { id: unknown },
  signal: AbortSignal,
): AsyncGenerator<Reading<MemoryImport>> {
  const { accountId } = caller;
  const name = `import ${String(input.id)} ${audienceOf(caller)}`;
  const read = (): Promise<MemoryImport> => actFor(caller, () => getImport(deps, caller, input));
  let told: MemoryImport | undefined;
  for await (const reading of deps.states.follow({ name, accountId, read }, signal)) {
    const { state: now } = reading;
    if (!told || hasMoved(told, now)) yield reading;
    told = now;
    if (now.state !== 'RUNNING') return;
  }
}

const hasMoved = (before: MemoryImport, { rowsDone, state }: MemoryImport): boolean =>
  before.rowsDone !== rowsDone || before.state !== state;
