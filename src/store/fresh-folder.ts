import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';

/** An empty database as initdb leaves it, packed by the build: unpacking it is several times faster than initdb. */
const PACKED = fileURLToPath(new URL('./initdb.tar.gz', import.meta.url));

/** Lays out a database folder that is not there yet. Without the packed one (run from sources) PostgreSQL's initdb does it. */
export async function prepareFolder(folder: string): Promise<void> {
  if (existsSync(folder) || !existsSync(PACKED)) return;
  const unpacked = `${folder}.new`;
  rmSync(unpacked, { recursive: true, force: true }); // left by a start that was cut
  mkdirSync(unpacked, { recursive: true, mode: 0o700 });
  await extract({ file: PACKED, cwd: unpacked });
  renameSync(unpacked, folder); // whole or not there: a start that is cut leaves no half a database
}
