import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** Paths are relative to src/, without the extension. */
interface Layer {
  /** May be imported in any way. */
  imports: RegExp;
  /** May be imported with `import type` alone. */
  types?: RegExp;
}

const NOTHING = /^$/;
const EVERYTHING = /^/;
const FOLDERS = ['graphql', 'rest', 'webhooks', 'core', 'core/rules', 'store', 'models', 'http', 'clients'];

/** Arrows point down: doors -> core -> store, models. The table of docs/ARCHITECTURE.md, "Who may import whom". */
const LAYERS: Record<string, Layer> = {
  graphql: {
    imports: /^(graphql\/|core\/|http\/fetch-api$|errors$|generated\/pothos-types$)/,
    types: /^generated\/prisma\//,
  },
  rest: { imports: /^(rest\/|core\/|http\/fetch-api$|errors$)/ },
  // A door that goes outwards: it subscribes to the schema as a client would.
  webhooks: { imports: /^(webhooks\/|graphql\/(schema|server)$|core\/|errors$)/, types: /^store\/job-queue$/ },
  // Run elsewhere, in browsers too: they know the wire and nothing of the server.
  clients: { imports: /^clients\// },
  // What HTTP asks of every answer; knows no door and no verb.
  http: { imports: /^(http\/|errors$)/, types: /^config$/ },
  core: { imports: /^(core\/|store\/|models\/(llm|embedder|reranker)$|errors$|slice$)/, types: /^config$/ },
  'core/rules': { imports: /^(core\/rules\/|errors$)/, types: /^(core\/|store\/|models\/(llm|embedder)$)/ },
  store: { imports: /^(store\/|generated\/prisma\/|errors$|slice$)/, types: /^config$/ },
  models: { imports: /^(models\/|errors$|slice$)/, types: /^config$/ },
  config: { imports: NOTHING },
  errors: { imports: NOTHING },
  slice: { imports: NOTHING },
  // main, cli, app and what they share: the only files that see both doors and what is under them.
  top: { imports: EVERYTHING },
};

/** Who may use which package. One that is not here has no owner yet: give it one. */
const OWNERS: [packages: RegExp, layers: string[]][] = [
  [/^(graphql-yoga|@pothos\/.+|@escape\.tech\/graphql-armor-.+)$/, ['graphql']],
  [/^graphql$/, ['graphql', 'webhooks']],
  [/^standardwebhooks$/, ['webhooks']],
  // app.ts ties the protocol to the socket server; graphql/ says what runs over it.
  [/^graphql-ws$/, ['graphql', 'top']],
  [/^(@prisma\/.+|pg|pgvector|@electric-sql\/.+|tar|pg-boss)$/, ['store']],
  [/^(@anthropic-ai\/sdk|openai|undici|ipaddr\.js|jsonrepair|p-limit|wink-.+)$/, ['models']],
  [/^(ws|@whatwg-node\/server|pino)$/, ['top']],
  [/^negotiator$/, ['http', 'graphql']],
  [/^@whatwg-node\/fetch$/, ['http']],
  [/^rate-limiter-flexible$/, ['core']],
  // rest: the shapes of its replies.
  [/^zod$/, ['core', 'models', 'config', 'rest']],
];

interface Import {
  target: string;
  isTypeOnly: boolean;
}

const withoutExtension = (file: string) => file.replace(/\.[jt]s$/, '');

function layerOf(file: string): string {
  if (file.startsWith('core/rules/')) return 'core/rules';
  const [first = '', ...rest] = file.split('/');
  if (rest.length > 0 || ['config', 'errors', 'slice'].includes(first)) return first;
  return 'top';
}

/** Every module that a source text names: import, export from, import(), and import('...') in a type. */
function readImports(text: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, isTypeOnly: boolean) => {
    if (node && ts.isStringLiteralLike(node)) found.push({ target: node.text, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true));
  return found;
}

/** "graphql-ws/use/ws" -> "graphql-ws", "@pothos/core/x" -> "@pothos/core" */
const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

function mayImportFile(file: string, { target, isTypeOnly }: Import): boolean {
  const path = withoutExtension(posix.join(posix.dirname(file), target));
  const layer = LAYERS[layerOf(file)];
  return layer !== undefined && (layer.imports.test(path) || (isTypeOnly && (layer.types?.test(path) ?? false)));
}

function mayUsePackage(file: string, target: string): boolean {
  const layer = layerOf(file);
  // Rules are pure: of the standard library they may use what computes, nothing that does I/O.
  if (layer === 'clients') return false;
  if (target.startsWith('node:')) return layer !== 'core/rules' || /^node:(crypto|zlib)$/.test(target);
  return OWNERS.some(([packages, layers]) => packages.test(packageOf(target)) && layers.includes(layer));
}

/** The imports of one file that the tables forbid, as sentences. `file` is relative to src/, without its extension. */
const violations = (file: string, text: string): string[] =>
  readImports(text)
    .filter((one) => !(one.target.startsWith('.') ? mayImportFile(file, one) : mayUsePackage(file, one.target)))
    .map(({ target, isTypeOnly }) => `${file} may not import ${isTypeOnly ? 'the types of ' : ''}${target}`);

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.[jt]s$/.test(file) && !file.startsWith('generated/'));

describe('layers', () => {
  it.each(FOLDERS)('there is code in %s', (folder) => {
    expect(files.filter((file) => layerOf(withoutExtension(file)) === folder)).not.toEqual([]);
  });

  it.each(files)('%s imports what its layer may', (file) => {
    expect(violations(withoutExtension(file), readFileSync(join(SRC, file), 'utf8'))).toEqual([]);
  });
});

describe('the check itself', () => {
  it.each([
    ['graphql/types/memory', `import { toWire } from '../../rest/wire.js';`],
    ['graphql/types/memory', `import { PrismaClient } from '../../generated/prisma/client.js';`],
    ['rest/router', `export * from '../graphql/server.js';`],
    ['rest/routes', `import type { Memory } from '../store/memories.js';`],
    ['core/search-memories', `const { Anthropic } = await import('../models/anthropic.js');`],
    ['core/settings', `import pg from 'pg';`],
    ['core/rules/validity', `import { readFileSync } from 'node:fs';`],
    ['store/memories', `let deps: import('../core/deps.js').Deps;`],
    ['models/anthropic', `import { readConfig } from '../config.js';`],
    ['errors', `import './config.js';`],
    ['app', `import leftPad from 'left-pad';`],
  ])('%s: refuses %s', (file, text) => {
    expect(violations(file, text)).toHaveLength(1);
  });

  it.each([
    ['graphql/types/memory', `import type { Memory } from '../../generated/prisma/client.js';`],
    ['graphql/server', `import { useServer } from 'graphql-ws/use/ws';`],
    ['core/search-memories', `import { z } from 'zod'; import { rank } from '../store/ranking.js';`],
    ['core/rules/supersession', `import type { Verdict } from '../../models/llm.js';`],
    ['models/anthropic', `import type { AnthropicConfig } from '../config.js';`],
    ['app', `import { router } from './rest/router.js'; import { WebSocketServer } from 'ws';`],
  ])('%s: allows %s', (file, text) => {
    expect(violations(file, text)).toEqual([]);
  });
});
