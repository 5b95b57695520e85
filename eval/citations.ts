/**
 * Does the check of citations doubt what a memory does not say, and let pass what it says in other words?
 *
 *   npm run eval -- citations --data DIR [--misses]
 *
 * DIR holds *.jsonl of two kinds. Pairs, {style, old_fact, new_fact, label}: the new fact as a statement that cites the old one;
 * it should pass where the label is duplicate, and be doubted where it is another. Facts, {type: 'fact', fact, evidence: [turn_id]},
 * beside turns, {type: 'turn', turn_id, session_date, speaker, text}: each fact citing the turns it was written from, and
 * citing those of another fact of the same conversation. Files of one conversation share the part of their name before ".jsonl"
 * and after the last "_".
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { doubtOf } from '../src/core/rules/support.js';
import { percent } from './server.js';

type Line = Record<string, unknown> & { type?: string };
interface Case {
  group: string;
  said: string;
  memories: { text: string; validFrom: Date }[];
}

const linesOf = (file: string): Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Line);

const pairsIn = (lines: readonly Line[]): Case[] =>
  lines
    .filter((line) => 'old_fact' in line)
    .map(({ label, style, old_fact: old, new_fact: fresh }) => ({
      group: `${String(label)}, ${String(style)}`,
      said: String(fresh),
      memories: [{ text: String(old), validFrom: new Date(0) }],
    }));

/** How many facts further on the other evidence is taken from: far enough to be about something else. */
const FURTHER = 7;

function factsIn(lines: readonly Line[]): Case[] {
  const turns = new Map(lines.filter(({ type }) => type === 'turn').map((turn) => [turn['turn_id'], turn]));
  const facts = lines.filter(({ type }) => type === 'fact');
  const evidenceOf = (fact: Line | undefined) =>
    ((fact?.['evidence'] ?? []) as string[])
      .map((id) => turns.get(id))
      .filter((turn) => turn !== undefined)
      .map((turn) => ({
        text: `${String(turn['speaker'])}: ${String(turn['text'])}`,
        validFrom: new Date(String(turn['session_date'])),
      }));
  return facts
    .flatMap((fact, i) => [
      { group: 'fact, its own turns', said: String(fact['fact']), memories: evidenceOf(fact) },
      {
        group: 'fact, other turns',
        said: String(fact['fact']),
        memories: evidenceOf(facts[(i + FURTHER) % facts.length]),
      },
    ])
    .filter(({ memories }) => memories.length > 0);
}

function report(cases: readonly Case[], showsMisses: boolean): void {
  const judged = cases.map((one) => ({ ...one, doubt: doubtOf(one.said, { ...one, question: '', userName: null }) }));
  for (const group of [...new Set(judged.map((one) => one.group))].sort()) {
    const all = judged.filter((one) => one.group === group);
    const passed = all.filter(({ doubt }) => doubt === null);
    const count = (why: string): string => `${why.toLowerCase()} ${all.filter(({ doubt }) => doubt === why).length}`;
    const doubts = ['NUMBER', 'NAME', 'NEGATION', 'WORDS'].map(count).join(', ');
    console.log(`${group}: ${percent(passed.length, all.length)} pass; doubts: ${doubts}`);
    if (!showsMisses) continue;
    const misses = /^(duplicate|fact, its own)/.test(group) ? all.filter(({ doubt }) => doubt !== null) : passed;
    for (const { said, memories, doubt } of misses)
      console.log(`  ${doubt ?? 'passes'}: ${said} <- ${memories.map(({ text }) => text).join(' | ')}`);
  }
}

export const run = (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: 'string', multiple: true }, misses: { type: 'boolean', default: false } },
  });
  const files = (values.data ?? []).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => ({ conversation: name.split('_').at(-1) ?? name, lines: linesOf(join(folder, name)) })),
  );
  if (files.length === 0) throw new Error('Say where the data is: --data DIR [--data DIR]');
  const conversations = [...new Set(files.map(({ conversation }) => conversation))];
  const cases = conversations.flatMap((name) => {
    const lines = files.filter(({ conversation }) => conversation === name).flatMap((file) => file.lines);
    return [...pairsIn(lines), ...factsIn(lines)];
  });
  report(cases, values.misses);
  return Promise.resolve();
};
