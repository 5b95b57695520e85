// How fast does the offline embedder load its word table, and how many texts a second does it embed?
// Run: npx tsx bench/embedder.ts [rounds]
import os from 'node:os';
import { createOfflineEmbedder } from '../src/models/embedders/offline.js';

const rounds = Number(process.argv[2] ?? 5);
const TEXTS = 5_000;
const embedder = createOfflineEmbedder();

const began = performance.now();
await embedder.embed(['first']);
const loading = performance.now() - began;
console.log(`Node ${process.version}, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}; ${embedder.id}`);
console.log(`table read at the first text: ${loading.toFixed(0)} ms`);

const short = (at: number): string => `Person ${String(at)} likes walking the dog in the park on day ${String(at % 7)}`;
const long = (at: number): string => Array.from({ length: 30 }, (_, line) => short(at + line)).join('. ');
const unknown = (at: number): string =>
  `Zsqw${at.toString(36)}rth met Brikc${(at * 7919).toString(36)}line in 東京 for xqzzj`;
for (const [name, textOf] of Object.entries({ short, long, unknown })) {
  const texts = Array.from({ length: TEXTS }, (_, at) => textOf(at));
  const rates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now();
    await embedder.embed(texts);
    rates.push((TEXTS / (performance.now() - from)) * 1000);
  }
  rates.sort((a, b) => a - b);
  console.log(`${name.padEnd(8)} ${String(Math.round(rates[Math.floor(rounds / 2)] ?? 0)).padStart(7)} texts/s`);
}
