import { Kind, print, visit, type ASTNode, type DocumentNode, type ExecutionResult } from 'graphql';
import { Recent } from '../core/recent.js';

/** Results kept per audience at most, and the characters of JSON that they may have together. */
const KEPT = 256;
const MAX_CHARACTERS = 4_000_000;

/** A result that others of the account were or will be given too, with its JSON. */
export interface SharedResult extends ExecutionResult {
  /** Read by both transports instead of writing the JSON once for each subscriber. */
  stringify: () => string;
}

/** The result of one event for one operation. */
export interface Shared {
  /** A SharedResult, but for a result with errors, which each subscriber has masked for itself. */
  result: ExecutionResult | SharedResult;
  /** The key that it was made for, if it depends on that; undefined: it is the same for every key of the account. */
  apiKeyId: string | undefined;
}

/** Subscribers of one account that ask for the same of each event: it is executed once for all of them. */
export class Audience {
  readonly #recent = new Recent<Shared>({
    kept: KEPT,
    weight: MAX_CHARACTERS,
    weigh: ({ result }) => (isShared(result) ? result.stringify().length : 0),
  });
  members = 0;

  /** What others of the audience were given for `id`, or what `make` makes of it now. */
  async get(id: string, apiKeyId: string, make: () => Promise<Shared>): Promise<Shared> {
    const shared = await this.#recent.once(id, make);
    if (!isShared(shared.result)) this.#recent.forget(id); // what failed is no answer for those that come later
    if (shared.apiKeyId === undefined || shared.apiKeyId === apiKeyId) return shared;
    return this.#recent.once(`${id} ${apiKeyId}`, make);
  }

  /** Whether `get` would make nothing. */
  has(id: string, apiKeyId: string): boolean {
    if (!this.#recent.has(id)) return false;
    const { apiKeyId: madeFor = apiKeyId } = this.#recent.peek(id) ?? {};
    return madeFor === apiKeyId || this.#recent.has(`${id} ${apiKeyId}`);
  }

  /** What `get` would give, if it is there already. */
  peek(id: string, apiKeyId: string): SharedResult | undefined {
    let shared = this.#recent.peek(id);
    if (shared?.apiKeyId !== undefined && shared.apiKeyId !== apiKeyId) shared = this.#recent.peek(`${id} ${apiKeyId}`);
    return shared && isShared(shared.result) ? shared.result : undefined;
  }
}

export const isShared = (result: ExecutionResult): result is SharedResult => 'stringify' in result;

interface Operation {
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The audiences of one server. */
export class Audiences {
  readonly #byKey = new Map<string, Audience>();

  /** The audience of an operation, of callers who may see the same. Every `join` needs its `leave`; with the last of them the results go. */
  join(callers: string, operation: Operation): { audience: Audience; leave: () => void } {
    const key = `${callers} ${operationKey(operation)}`;
    const audience = this.#byKey.get(key) ?? new Audience();
    this.#byKey.set(key, audience);
    audience.members++;
    const leave = (): void => {
      if (--audience.members === 0) this.#byKey.delete(key);
    };
    return { audience, leave };
  }
}

/** Same key, same results: the text of the document, its operation, and the variables that shape a result. */
function operationKey({ document, operationName, variableValues }: Operation): string {
  const text = document.loc?.source.body ?? print(document);
  const values = variablesOfResults(document).map((name) => [name, variableValues?.[name]]);
  return JSON.stringify([text, operationName ?? null, values]);
}

/** Not those of the feed's own arguments: where a subscriber began does not change what it is told of an event. */
function variablesOfResults(document: DocumentNode): string[] {
  const names = new Set<string>();
  for (const part of document.definitions.flatMap(partsOfResults)) {
    visit(part, { Variable: ({ name }) => void names.add(name.value) });
  }
  return [...names].sort();
}

function partsOfResults(definition: ASTNode): ASTNode[] {
  if (definition.kind !== Kind.OPERATION_DEFINITION) return [definition];
  return definition.selectionSet.selections.flatMap((selection): ASTNode[] => {
    if (selection.kind !== Kind.FIELD) return [selection];
    return [...(selection.directives ?? []), ...(selection.selectionSet ? [selection.selectionSet] : [])];
  });
}
