import type { Failure } from '../calls/failure.js';

/** What one model of one server takes, as far as its refusals have told. */
export interface Dialect {
  /** How the reply's form is asked for; null: by the prompt alone. */
  format: 'json_schema' | 'json_object' | null;
  /** The parameter that limits the reply; null: none. */
  limit: 'max_completion_tokens' | 'max_tokens' | null;
  /** Limits that were refused. */
  refusedLimits: readonly Dialect['limit'][];
  /** It does not take the wish that a stream ends with what it took. */
  refusesStreamUsage?: boolean;
}

/** OpenAI's newest models take only this one; hosts that are no kin of theirs pass over it in silence, and write without end. */
const SPEAKS_NEW = /(^|\.)(openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|x\.ai)$/;

function firstDialect(baseUrl: string): Dialect {
  const limit = SPEAKS_NEW.test(new URL(baseUrl).hostname) ? 'max_completion_tokens' : 'max_tokens';
  return { format: 'json_schema', limit, refusedLimits: [] };
}

const NEXT_FORMAT = { json_schema: 'json_object', json_object: null } as const;
const ABOUT_FORMAT = /response[_ ]?(format|schema)|json[_ ]?(schema|object|mode)|structured|guided|grammar/i;
const ABOUT_STREAM_USAGE = /stream_options|include_usage/i;
const ABOUT_LIMIT = /max_(completion_|output_)?tokens/i;
/** Refusals of the key, the model or the pace; whatever they say, asking in other words would not help. */
const OTHER_MATTERS = new Set([401, 402, 403, 404, 408, 409, 429]);

/** What to try next after a refusal that names a parameter; null where it is about something else, or nothing is left to drop. */
export function adapt(dialect: Dialect, { kind, status = 0, words = '', names }: Failure): Dialect | null {
  if (kind !== 'refused' || OTHER_MATTERS.has(status)) return null;
  const complaint = [words, ...names].join(' ');
  if (!dialect.refusesStreamUsage && ABOUT_STREAM_USAGE.test(complaint))
    return { ...dialect, refusesStreamUsage: true };
  if (dialect.limit && ABOUT_LIMIT.test(complaint)) {
    const refusedLimits = [...dialect.refusedLimits, dialect.limit];
    const other = dialect.limit === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    return { ...dialect, limit: refusedLimits.includes(other) ? null : other, refusedLimits };
  }
  if (dialect.format && ABOUT_FORMAT.test(complaint)) return { ...dialect, format: NEXT_FORMAT[dialect.format] };
  return null;
}

/** More servers and models than one process meets; a list that callers can lengthen needs an end. */
const MOST_REMEMBERED = 1_000;

/** Remembers the dialect of each model of a server, so that what was refused once is not sent again. */
export class Dialects {
  readonly #known = new Map<string, Dialect>();

  of(baseUrl: string, model: string): Dialect {
    return this.#known.get(`${baseUrl} ${model}`) ?? firstDialect(baseUrl);
  }

  learn(baseUrl: string, model: string, dialect: Dialect): void {
    this.#known.set(`${baseUrl} ${model}`, dialect);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size > MOST_REMEMBERED) this.#known.delete(oldest);
  }
}
