/**
 * How well a classifier tells "supersedes" from the rest, by category and by style of wording.
 *
 *   npm run eval -- supersession --data DIR [--misses]
 *
 * DIR holds *.jsonl with either {category, old, new, label} or {style, source, old_fact, new_fact, label}.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../src/config.js';
import { createAnthropicLlm } from '../src/models/anthropic.js';
import type { Llm, Verdict } from '../src/models/llm.js';
import { createOfflineLlm } from '../src/models/offline/offline-llm.js';

const GATE = 0.85;
const MODEL = 'claude-haiku-4-5-20251001';

interface Case {
  group: string;
  old: string;
  new: string;
  label: string;
}
interface Outcome extends Case {
  verdict: Verdict;
  confidence: number;
}

const text = (row: Record<string, unknown>, ...keys: readonly string[]): string => {
  const found = keys.map((key) => row[key]).find((value) => typeof value === 'string');
  return typeof found === 'string' ? found : '';
};

const caseOf = (line: string): Case => {
  const row = JSON.parse(line) as Record<string, unknown>;
  const style = text(row, 'style');
  return {
    group: style === '' ? text(row, 'category') : `${style}: ${text(row, 'source')}`,
    old: text(row, 'old', 'old_fact'),
    new: text(row, 'new', 'new_fact'),
    label: text(row, 'label'),
  };
};

const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} % (${String(part)}/${String(whole)})`;

const isGated = ({ verdict, confidence }: Outcome): boolean => verdict === 'supersedes' && confidence >= GATE;

/** Data sets without "refines" only tell whether the old fact ended, so only that is compared. */
const isRight = ({ verdict, label }: Outcome): boolean =>
  label === 'supersedes' || !['refines', 'independent'].includes(label)
    ? (verdict === 'supersedes') === (label === 'supersedes')
    : verdict === label;

const rowOf = (name: string, outcomes: readonly Outcome[]): Record<string, string | number> => {
  const gated = outcomes.filter(isGated);
  const right = gated.filter(({ label }) => label === 'supersedes').length;
  return {
    name: name.slice(0, 60),
    cases: outcomes.length,
    accuracy: percent(outcomes.filter(isRight).length, outcomes.length),
    'gated precision': percent(right, gated.length),
    'gated recall': percent(right, outcomes.filter(({ label }) => label === 'supersedes').length),
  };
};

const report = (file: string, outcomes: readonly Outcome[], showMisses: boolean): void => {
  const groups = [...new Set(outcomes.map(({ group }) => group))].sort();
  const styles = [...new Set(groups.map((group) => group.split(':')[0] ?? ''))].filter((style) =>
    groups.some((group) => group.startsWith(`${style}:`)),
  );
  console.log(`\n${file}`);
  console.table([
    rowOf('all', outcomes),
    ...styles.map((style) =>
      rowOf(
        `= ${style}`,
        outcomes.filter(({ group }) => group.startsWith(`${style}:`)),
      ),
    ),
    ...groups.map((group) =>
      rowOf(
        group,
        outcomes.filter((one) => one.group === group),
      ),
    ),
  ]);
  if (!showMisses) return;
  for (const one of outcomes.filter((outcome) => !isRight(outcome)))
    console.log(
      `${isGated(one) ? 'WRONG' : 'miss '} ${one.label} got ${one.verdict} ${String(one.confidence)} | ${one.old} => ${one.new}`,
    );
};

/** The model of the environment if there is a key for one, else the rules. */
const chooseLlm = (): Llm => {
  const { anthropic } = readConfig(process.env);
  return anthropic ? createAnthropicLlm(anthropic) : createOfflineLlm();
};

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: 'string' }, misses: { type: 'boolean', default: false } },
  });
  if (values.data === undefined) throw new Error('Say where the data is: --data DIR');
  const llm = chooseLlm();
  const validFrom = new Date();
  for (const file of readdirSync(values.data)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()) {
    const cases = readFileSync(join(values.data, file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(caseOf);
    const outcomes: Outcome[] = [];
    for (const one of cases) {
      const { verdict, confidence } = await llm.classify(
        { old: { text: one.old, topic: 'General', validFrom }, new: { text: one.new, topic: 'General', validFrom } },
        MODEL,
      );
      outcomes.push({ ...one, verdict, confidence });
    }
    report(`${basename(file)} by ${llm.provider}`, outcomes, values.misses);
  }
};
