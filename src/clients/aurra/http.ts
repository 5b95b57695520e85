import { AurraConnectionError, toError } from './errors.js';
import { toCamel, toSnake } from './wire-case.js';

export interface AurraOptions {
  /** `aurra_...` */
  apiKey: string;
  /** Where the server is; http://127.0.0.1:4000 unless given. */
  baseUrl?: string;
  /** For one call; a minute unless given. */
  timeoutMs?: number;
  /** Another fetch than the global one. */
  fetch?: typeof fetch;
}

interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: object | undefined;
  body?: object;
  headers?: Record<string, string>;
}

const DEFAULT_BASE_URL = 'http://127.0.0.1:4000';
const DEFAULT_TIMEOUT_MS = 60_000;

/** Sends calls of one key to one server. */
export class Http {
  readonly baseUrl: string;
  readonly #options: AurraOptions;

  constructor(options: AurraOptions) {
    if (!options.apiKey.startsWith('aurra_')) throw new TypeError("apiKey must be a key that begins with 'aurra_'");
    this.baseUrl = (options.baseUrl ?? DEFAULT_BASE_URL).replace(/(?<!\/)\/+$/, '');
    this.#options = options;
  }

  /** The reply in camel case. @throws AurraError */
  async send<Reply>({ method, path, query, body, headers }: Call): Promise<Reply> {
    const { apiKey, timeoutMs = DEFAULT_TIMEOUT_MS, fetch: send = fetch } = this.#options;
    const url = `${this.baseUrl}${path}${toSearch(query)}`;
    let response: Response;
    let reply: unknown;
    try {
      response = await send(url, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(toSnake(body)) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      reply = parse(await response.text());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new AurraConnectionError(
        `Could not reach ${this.baseUrl}: ${why}`,
        undefined,
        undefined,
        undefined,
        undefined,
        {
          cause: error,
        },
      );
    }
    if (!response.ok) throw toError(response, reply);
    return toCamel(reply) as Reply;
  }
}

/** What stands between client and server may answer with anything. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toSearch(query: object | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((toSnake(query ?? {}) ?? {}) as Record<string, unknown>)) {
    if (value === null) continue;
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
