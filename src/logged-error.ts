import { AppError } from './errors.js';

/** An error as it is logged. */
export interface LoggedError {
  type: string;
  message?: string;
  code?: string;
  /** Where it was thrown: files, lines and functions, without the message that a stack begins with. */
  stack?: string[];
  cause?: LoggedError;
  [detail: string]: unknown;
}

const MOST_CAUSES = 6;
const MOST_FRAMES = 15;
const MOST_CHARACTERS = 500;

/** What PostgreSQL, Node and the models say of a failure by names and numbers alone. `detail`, `where` and `hint` quote rows. */
const DETAILS = [
  'code',
  'severity',
  'routine',
  'schema',
  'table',
  'column',
  'constraint',
  'syscall',
  'status',
  'requestId',
];

/**
 * An error for the log: by type, code and place. Its message only where no library puts values into it: those of a database, a
 * parser or a validator quote what they were given, which may be a memory's text or a key.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (typeof error !== 'object' || error === null) return { type: typeof error };
  const { name, stack, cause, originalError, meta } = error as Record<string, unknown>;
  const inner = cause ?? originalError ?? (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  const message = mayShow(error) ? (error as { message?: unknown }).message : undefined;
  return {
    type: typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'object',
    ...(typeof message === 'string' && { message: message.slice(0, MOST_CHARACTERS) }),
    ...detailsOf(error),
    ...(typeof stack === 'string' && { stack: framesOf(stack) }),
    ...(typeof inner === 'object' && inner !== null && depth < MOST_CAUSES && { cause: loggedError(inner, depth + 1) }),
  };
}

/** Names and numbers; a text that is neither may hold anything. */
function detailsOf(error: object): Record<string, unknown> {
  const { originalCode, issues, modelName, type } = { ...error, ...(error as { meta?: object }).meta } as Record<
    string,
    unknown
  >;
  const known = DETAILS.map((name) => [name, (error as Record<string, unknown>)[name]] as const);
  const found = [
    ...known,
    ['originalCode', originalCode] as const,
    ['model', modelName] as const,
    ['kind', type] as const,
  ].filter(([, value]) => typeof value === 'number' || (typeof value === 'string' && /^[\w.-]{1,80}$/.test(value)));
  // Of a model's reply that could not be read: which fields were wrong, never their values.
  const faults =
    Array.isArray(issues) && issues.every((one) => typeof one === 'string') ? { issues: issues.slice(0, 20) } : {};
  return { ...Object.fromEntries(found), ...faults };
}

const framesOf = (stack: string): string[] =>
  stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, MOST_FRAMES)
    .map((line) => line.trim());

/** Classes of PostgreSQL's errors whose messages name tables and columns at most. 42601 quotes what it can not parse. */
const SQLSTATE = /^(08|23|25|26|34|3D|3F|40|42|53|54|55|57|58)\w{3}$/;
/** What the language itself says without values. */
const PLAIN =
  /^(Cannot (read|set) properties of (undefined|null) \((reading|setting) '[\w#$]+'\)|[\w.$()[\]]+ is not (a function|iterable|a constructor|defined))$/;

function mayShow(error: object): boolean {
  if (error instanceof AppError) return true;
  const { name, code, severity, message } = error as Record<string, unknown>;
  if (typeof severity === 'string') return typeof code === 'string' && SQLSTATE.test(code) && code !== '42601';
  if (name === 'TypeError' || name === 'ReferenceError') return typeof message === 'string' && PLAIN.test(message);
  // The executor of GraphQL makes an error of whatever was thrown: of a text, its message.
  if (String((error as { stack?: unknown }).stack).includes('    at coerceError ')) return false;
  return name === 'Error' || name === 'AbortError' || name === 'TimeoutError';
}
