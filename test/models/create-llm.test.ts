import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.js';
import { createLlm } from '../../src/models/create-llm.js';

const SRC = path.join(import.meta.dirname, '..', '..', 'src');
const LOCAL = { LLM_BASE_URL: 'http://localhost:11434/v1', LLM_MODEL: 'llama' };

describe('the server’s own model', () => {
  it.each([
    [{}, 'offline'],
    [{ ANTHROPIC_API_KEY: 'sk-x' }, 'anthropic'],
    [LOCAL, 'openai-compatible'],
    [{ ...LOCAL, ANTHROPIC_API_KEY: 'sk-x' }, 'openai-compatible'],
    [{ LLM_API_KEY: 'sk-x' }, 'offline'],
  ])('with %j is %s', async (env, provider) => {
    expect((await createLlm(readConfig(env))).provider).toBe(provider);
  });
});

/** What a module loads before it runs: its imports and re-exports, but for types and for import(). */
function loadedBy(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const isForTypes = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    const target = statement.moduleSpecifier;
    return isForTypes || !target || !ts.isStringLiteral(target) ? [] : [target.text];
  });
}

/** The packages that a module of ours loads at once, itself or through others of ours. */
function packagesOf(entry: string): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const target of loadedBy(file)) {
      const next = path.resolve(path.dirname(file), target.replace(/\.js$/, '.ts'));
      if (!target.startsWith('.')) packages.add(target);
      else if (existsSync(next)) visit(next);
    }
  };
  visit(path.join(SRC, entry));
  return packages;
}

describe('a start', () => {
  const HEAVY = ['openai', 'undici', '@anthropic-ai/sdk', '@anthropic-ai/sdk/helpers/zod', 'ipaddr.js', 'jsonrepair'];

  it.each(['main.ts', 'app.ts', 'models/create-llm.ts', 'models/byo.ts'])(
    'loads no SDK and no HTTP client by %s: only a model that needs one does',
    (entry) => {
      const packages = packagesOf(entry);
      expect(HEAVY.filter((name) => packages.has(name))).toEqual([]);
    },
  );

  it('would be seen to load them', () => {
    expect([...packagesOf('models/openai.ts')]).toEqual(expect.arrayContaining(['openai', 'jsonrepair', 'p-limit']));
    expect([...packagesOf('models/byo/models.ts')]).toEqual(expect.arrayContaining(['undici', 'ipaddr.js']));
    expect([...packagesOf('models/anthropic.ts')]).toContain('@anthropic-ai/sdk');
    expect(packagesOf('app.ts').size).toBeGreaterThan(5);
  });
});
