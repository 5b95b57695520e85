// Does any reply hold what is another account's or tenant's, with both guards, with each alone, and does the check find it with neither?
//   npx tsx bench/leaks.ts [--operations 100000] [--seed 1] [--ways both,program,database,neither]
// Half of the operations are done with keys that are bound to a tenant. `program`: without row-level security. `database`: without the
// program's conditions on accounts and, for bound keys, on tenants.
// Embedded; on a real PostgreSQL: node scripts/real-postgres.js run npx tsx bench/leaks.ts. Ends with 1 if it is not as it should be.
import { parseArgs } from 'node:util';
import pino from 'pino';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { snapshot } from '../test/support/global-setup.js';
import { runIsolation, type IsolationReport } from '../test/support/isolation.js';
import { createDatabase } from '../test/support/postgres.js';
import { removeFilters } from '../test/support/sql-filters.js';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    ways: { type: 'string', default: 'both,program,database,neither' },
  },
});

const WAYS: Record<string, { isGuarded: boolean; isFiltered: boolean }> = {
  both: { isGuarded: true, isFiltered: true },
  program: { isGuarded: false, isFiltered: true },
  database: { isGuarded: true, isFiltered: false },
  neither: { isGuarded: false, isFiltered: false },
};
/** With neither guard a few hundred show that the check can fail. */
const OPERATIONS_UNGUARDED = 500;

async function run(way: string): Promise<boolean> {
  const { isGuarded, isFiltered } = WAYS[way] ?? { isGuarded: true, isFiltered: true };
  const server = process.env['TEST_DATABASE_URL'];
  const own = server === undefined ? undefined : await createDatabase(server);
  const env = own ? { DATABASE_URL: own.url } : { PALIMPSEST_DATA_DIR: 'memory://' };
  const filters = isFiltered ? undefined : removeFilters(isGuarded ? 'accounts and bound tenants' : 'rows of accounts'); // before there is a connection
  const app = await createApp(readConfig({ PORT: '0', PALIMPSEST_PRO_RATE: '0', ...env }), pino({ level: 'silent' }), {
    otherwise: 'SYSTEM',
    isGuarded,
    ...(own ? {} : { snapshot: await snapshot() }),
  });
  const began = performance.now();
  const operations = way === 'neither' ? OPERATIONS_UNGUARDED : Number(values.operations);
  const enough = way === 'neither' ? Infinity : 20;
  const onProgress = ({ operations: done, leaks, differences }: IsolationReport): void =>
    console.error(
      `  ${way}: ${done} operations, ${leaks.length} leaks, ${differences.length} differences, ` +
        `${((performance.now() - began) / 1000).toFixed(0)} s`,
    );
  const report = await runIsolation(app, { operations, seed: Number(values.seed), enough, onProgress });
  const seconds = (performance.now() - began) / 1000;
  filters?.restore();
  await app.close();
  await own?.drop();
  const { leaks, differences } = report;
  console.log(
    `${way}: ${report.operations} operations, ${report.replies} replies, ${report.characters} characters, ` +
      `${leaks.length} leaks, ${differences.length} differences, ${filters?.count() ?? 0} statements without their filters, ${seconds.toFixed(0)} s`,
  );
  const verbs = Object.entries(report.byVerb).map(([name, { done, bound }]) => `${name} ${done} (${bound})`);
  console.log(`  of each, and with keys that are bound to a tenant: ${verbs.sort().join(', ')}`);
  for (const line of [...leaks.slice(0, 5), ...differences.slice(0, 5)]) console.log(`  ${line}`);
  return way === 'neither' ? leaks.length > 0 : leaks.length + differences.length === 0;
}

for (const way of values.ways.split(',')) if (!(await run(way))) process.exitCode = 1;
