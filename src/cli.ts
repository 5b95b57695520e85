#!/usr/bin/env node
import module from 'node:module';

// Newer Nodes keep compiled code between starts. It has to be asked for before the rest is loaded.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const argv = process.argv.slice(2);
/** A start loads only what it needs, in the order it needs it. */
const run = async (): Promise<void> =>
  argv[0] === 'start' ? (await import('./main.js')).main() : (await import('./command-line.js')).run(argv, process.env);

run().catch(async (error: unknown) => {
  const { redact } = await import('./redact.js');
  // One readable line: what stops a start is a setting, a folder in use, or a database that is not there.
  console.error(`palimpsest: ${redact(error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 1;
});
