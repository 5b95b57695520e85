/**
 * How well a classifier tells "supersedes" from the rest, by category and by style of wording, and how honest its
 * confidence is.
 *
 *   npm run eval -- supersession --data DIR [--misses]
 *
 * DIR holds *.jsonl with either {category, old, new, label} or {style, source, old_fact, new_fact, label}. The model
 * is the one of the environment (OPENAI_BASE_URL, ANTHROPIC_API_KEY), else the offline rules.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { readConfig } from '../src/config.js';
import { createLlm } from '../src/models/create-llm.js';
import type { Classification, Llm } from '../src/models/llm.js';

/** From this confidence on a supersession closes the old memory by itself; below, a person is asked. */
const GATE = 0.85;
const MODEL = 'claude-haiku-4-5-20251001';
const CALLS_AT_ONCE = 8;
const BANDS: readonly (readonly [string, number, number])[] = [
  ['0.95 to 1', 0.95, Infinity],
  ['0.85 to 0.94', 0.85, 0.95],
  ['0.70 to 0.84', 0.7, 0.85],
  ['below 0.70', -Infinity, 0.7],
];

interface Case {
  style: string;
  group: string;
  old: string;
  new: string;
  label: string;
}
interface Outcome extends Case {
  reply: Classification;
}
type Row = Record<string, string | number>;

const text = (row: Record<string, unknown>, ...keys: readonly string[]): string => {
  const found = keys.map((key) => row[key]).find((value) => typeof value === 'string');
  return typeof found === 'string' ? found : '';
};

const caseOf = (line: string): Case => {
  const row = JSON.parse(line) as Record<string, unknown>;
  const style = text(row, 'style');
  return {
    style,
    group: style === '' ? text(row, 'category') : `${style}: ${text(row, 'source')}`,
    old: text(row, 'old', 'old_fact'),
    new: text(row, 'new', 'new_fact'),
    label: text(row, 'label'),
  };
};

const casesIn = (file: string): Case[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(caseOf);

const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} % (${String(part)}/${String(whole)})`;

const isReplaced = ({ label }: Case): boolean => label === 'supersedes';
const saysReplaced = ({ reply }: Outcome): boolean => reply.verdict === 'supersedes';
const isGated = (one: Outcome): boolean => saysReplaced(one) && one.reply.confidence >= GATE;

/** Data sets without "refines" only tell whether the old fact ended, so only that is compared. */
const isRight = (one: Outcome): boolean =>
  isReplaced(one) || !['refines', 'independent'].includes(one.label)
    ? saysReplaced(one) === isReplaced(one)
    : one.reply.verdict === one.label;

const rowOf = (name: string, outcomes: readonly Outcome[]): Row => {
  const gated = outcomes.filter(isGated);
  const right = gated.filter(isReplaced).length;
  return {
    name: name.slice(0, 60),
    cases: outcomes.length,
    accuracy: percent(outcomes.filter(isRight).length, outcomes.length),
    'gated precision': percent(right, gated.length),
    'gated recall': percent(right, outcomes.filter(isReplaced).length),
  };
};

const rowsBy = (key: 'style' | 'group', outcomes: readonly Outcome[]): Row[] =>
  [...new Set(outcomes.map((one) => one[key]))]
    .filter((name) => name !== '')
    .sort()
    .map((name) =>
      rowOf(
        key === 'style' ? `= ${name}` : name,
        outcomes.filter((one) => one[key] === name),
      ),
    );

/** Of the supersessions claimed in each band of confidence, the share that is right. */
const calibration = (outcomes: readonly Outcome[]): Row[] =>
  BANDS.map(([band, from, to]) => {
    const claimed = outcomes
      .filter(saysReplaced)
      .filter(({ reply }) => reply.confidence >= from && reply.confidence < to);
    return { confidence: band, right: percent(claimed.filter(isReplaced).length, claimed.length) };
  });

const report = (file: string, outcomes: readonly Outcome[]): void => {
  const { provider, model, promptVersion } = outcomes[0]?.reply ?? { provider: '-', model: '-', promptVersion: '-' };
  const tokens = (kind: 'inputTokens' | 'outputTokens'): number =>
    outcomes.reduce((sum, { reply }) => sum + reply.usage[kind], 0);
  console.log(`\n${file}: ${provider}, ${model}, prompt or rules ${promptVersion}`);
  console.table([rowOf('all', outcomes), ...rowsBy('style', outcomes), ...rowsBy('group', outcomes)]);
  console.table(calibration(outcomes));
  if (tokens('inputTokens') > 0)
    console.log(`Tokens: ${String(tokens('inputTokens'))} in, ${String(tokens('outputTokens'))} out`);
};

const listMisses = (outcomes: readonly Outcome[]): void => {
  for (const one of outcomes.filter((outcome) => !isRight(outcome)))
    console.log(
      `${isGated(one) ? 'WRONG' : 'miss '} ${one.label} got ${one.reply.verdict} ${String(one.reply.confidence)} | ${one.old} => ${one.new}`,
    );
};

const classifyAll = (llm: Llm, cases: readonly Case[]): Promise<Outcome[]> => {
  const limit = pLimit(CALLS_AT_ONCE);
  const dated = (fact: string): { text: string; topic: string; validFrom: Date } => ({
    text: fact,
    topic: 'General',
    validFrom: new Date(),
  });
  return Promise.all(
    cases.map((one) =>
      limit(async () => ({ ...one, reply: await llm.classify({ old: dated(one.old), new: dated(one.new) }, MODEL) })),
    ),
  );
};

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: 'string' }, misses: { type: 'boolean', default: false } },
  });
  const folder = values.data;
  if (folder === undefined) throw new Error('Say where the data is: --data DIR');
  const llm = await createLlm(readConfig(process.env));
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()) {
    const outcomes = await classifyAll(llm, casesIn(join(folder, file)));
    report(file, outcomes);
    if (values.misses) listMisses(outcomes);
  }
};
