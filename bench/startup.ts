// How long after `palimpsest start` does /ready answer: on a fresh folder, and on one that is there?
// Run: npm run build && npx tsx bench/startup.ts [rounds]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { spread, startBuilt } from './server.js';

const rounds = Number(process.argv[2] ?? 5);
const first: number[] = [];
const later: number[] = [];

for (let round = 0; round < rounds; round++) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-startup-'));
  try {
    for (const times of [first, later]) {
      const server = await startBuilt(folder);
      times.push(server.readyAfterMs);
      await server.end('SIGTERM');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
console.log(`first start  ${spread(first)}  (${rounds} fresh folders)`);
console.log(`later start  ${spread(later)}  (${rounds} folders with a schema)`);
