import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives';
import {
  getNullableType,
  isListType,
  Lexer,
  OverlappingFieldsCanBeMergedRule,
  parse,
  Source,
  specifiedRules,
  syntaxError,
  TokenKind,
  type GraphQLField,
  type ParseOptions,
  type validate,
  type ValidationRule,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { AppError } from '../errors.js';
import { fieldsMerge } from './fields-merge.js';
import { DEFAULT_PAGE } from './page-cursor.js';

/** Tokens of a document: the reader stops there. */
export const MAX_TOKENS = 2_000;
/** Brackets within brackets, of whatever kind. */
const MAX_NESTING = 100;
/** Characters of a name: what looks for the one that was meant compares them all. */
const MAX_NAME = 1_000;
const MAX_ALIASES = 50;
const MAX_DIRECTIVES = 50;
/** Fields within fields. Introspection is bounded by a rule of the library. */
const MAX_DEPTH = 16;
/** Fields in all, those of fragments as often as they are spread. */
const MAX_BREADTH = 600;
/** A list that is no page is taken for so many; how long a page may be is its caller's choice. */
const LIST = 10;

/**
 * What is refused before anything is executed: the size of a document. Held on sockets as over HTTP, as the plugins of Yoga are.
 * What a document would have the server do is bounded by `costLimits`.
 */
export const documentLimits = (): Plugin[] => [
  {
    onParse: ({ setParseFn }) => {
      setParseFn((source: string, options?: ParseOptions) => {
        assertShallow(source);
        return parse(source, { ...options, maxTokens: MAX_TOKENS });
      });
    },
  },
  maxAliasesPlugin({ n: MAX_ALIASES }),
  maxDirectivesPlugin({ n: MAX_DIRECTIVES }),
  {
    onValidate: ({ validateFn, setValidationFn }) => {
      const check = validateFn as typeof validate;
      setValidationFn(((schema, document, rules = specifiedRules, ...rest) =>
        check(schema, document, rules.map(inLinearTime), ...rest)) satisfies typeof validate);
    },
  },
];

const mergeRule = fieldsMerge(MAX_BREADTH);
const inLinearTime = (rule: ValidationRule): ValidationRule =>
  rule === OverlappingFieldsCanBeMergedRule ? mergeRule : rule;

const OPENING: readonly string[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L];
const CLOSING: readonly string[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R];

/** Before it is parsed, and validated: both call themselves for each level, and would run out of stack. */
function assertShallow(source: string): void {
  const lexer = new Lexer(new Source(source));
  for (let count = 0, depth = 0; count <= MAX_TOKENS; count++) {
    const { kind, start, end } = lexer.advance();
    if (kind === TokenKind.EOF) return;
    if (kind === TokenKind.NAME && end - start > MAX_NAME)
      throw syntaxError(lexer.source, start, `A name is longer than ${MAX_NAME} characters.`);
    if (OPENING.includes(kind)) depth++;
    if (CLOSING.includes(kind)) depth--;
    if (depth > MAX_NESTING)
      throw syntaxError(lexer.source, start, `Brackets are nested more than ${MAX_NESTING} levels deep.`);
  }
}

type Field = Pick<GraphQLField<unknown, unknown>, 'args' | 'type'>;

interface Cost {
  field: number;
  multiplier: number;
}

/** The kinds of the library, as it names them. */
const EXCEEDED: Readonly<Record<string, string>> = {
  Complexity: `costs more than is allowed: select less, or smaller pages`,
  Depth: `is nested deeper than ${MAX_DEPTH} fields`,
  Breadth: `selects more than ${MAX_BREADTH} fields`,
};

/** Options of Pothos' complexity plugin: a field costs 1, times what the lists around it may hold. */
export const costLimits = {
  fieldComplexity: (args: object, _context: unknown, field: Field): Cost => costOf(args, field),
  limit: ({ deps }: { deps: { config: { maxCost: number } } }) => ({
    complexity: deps.config.maxCost,
    depth: MAX_DEPTH,
    breadth: MAX_BREADTH,
  }),
  complexityError: (kind: string) =>
    new AppError('INVALID_INPUT', `query: ${EXCEEDED[kind] ?? 'is too large'}`, { field: 'query' }),
};

/** A field costs 1, and what it holds counts as often as it may be there. */
function costOf({ first, last }: { first?: number | null; last?: number | null }, { args, type }: Field): Cost {
  // Its edges and its nodes are lists, which count as ten each.
  const isPage = args.some(({ name }) => name === 'first');
  if (isPage) return { field: 1, multiplier: Math.max(1, (first ?? last ?? DEFAULT_PAGE) / LIST) };
  return { field: 1, multiplier: isListType(getNullableType(type)) ? LIST : 1 };
}
