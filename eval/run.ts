/** Measures quality on data that is kept outside: tsx eval/run.ts NAME --data DIR [...]; each file says what it takes. */
type Evaluation = (args: readonly string[]) => Promise<void>;

const EVALUATIONS: Readonly<Record<string, () => Promise<{ run: Evaluation }>>> = {
  bitemporal: () => import('./bitemporal.js'),
  citations: () => import('./citations.js'),
  extraction: () => import('./extraction.js'),
  retrieval: () => import('./retrieval.js'),
  supersession: () => import('./supersession.js'),
};

const [name = '', ...args] = process.argv.slice(2);
const load = EVALUATIONS[name];
if (load) await (await load()).run(args);
else {
  console.error(`Say what to measure: ${Object.keys(EVALUATIONS).join(', ')}. Then --data DIR.`);
  process.exitCode = 1;
}
