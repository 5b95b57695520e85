import { AppError } from './errors.js';
import { areCrumbs } from './http/crumbs.js';
import { Request } from './http/fetch-api.js';
import { isNestedTooDeep } from './core/rules/nesting.js';

interface BodyLimits {
  maxBytes: number;
  /** From the first look at the body to its last byte. */
  timeoutMs: number;
}

/** Of each body this much is always taken in: what most requests are made of gets through while large bodies fill all room. */
const FREE_BYTES = 16_384;

/** How many bytes of bodies are held at once. They come before anybody is known, and on more connections than requests are run. */
export class BodyRoom {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Gives `work` the request with its body read, and holds the room for it until that is done. @throws AppError, see withinLimit */
  async hold<Result>(request: Request, limits: BodyLimits, work: (whole: Request) => Promise<Result>): Promise<Result> {
    let held = 0;
    const take = (bytes: number): void => {
      const wanted = Math.max(0, bytes - FREE_BYTES) - held;
      if (wanted > this.#free) throw full();
      held += wanted;
      this.#free -= wanted;
    };
    try {
      return await work(await withinLimit(request, limits, take));
    } finally {
      this.#free += held;
    }
  }
}

/**
 * The request with its body read: nobody parses what is too long. `take` is told how many bytes there are so far.
 * @throws AppError BODY_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE (packed), INVALID_INPUT (in crumbs, nested too deep, or broken off),
 *   OVERLOADED (no room for it)
 */
async function withinLimit(request: Request, limits: BodyLimits, take: (bytes: number) => void): Promise<Request> {
  if (!request.body) return request;
  // Nothing here unpacks: a packed body of a kilobyte may hold a megabyte, which no door counts.
  if (!isPlain(request.headers.get('content-encoding'))) throw packed();
  if (Number(request.headers.get('content-length') ?? 0) > limits.maxBytes) throw tooLong(limits.maxBytes);
  const bytes = await readWithin(request.body, limits, take);
  if (MAY_BE_JSON.test(request.headers.get('content-type') ?? 'json') && isNestedTooDeep(bytes)) throw nested();
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: bytes });
}

/** Not cancelled where it goes on too long: that would reset the connection before the client has read why. */
async function readWithin(
  body: ReadableStream<Uint8Array>,
  { maxBytes, timeoutMs }: BodyLimits,
  take: (bytes: number) => void,
): Promise<Buffer<ArrayBuffer>> {
  const reader = body.getReader();
  const deadline = deadlineIn(timeoutMs);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const read = await Promise.race([reader.read().catch(brokenOff), deadline.passed]);
      if (read.done) return Buffer.concat(chunks);
      // Counted while it comes: the header may be absent, or a lie.
      bytes += read.value.length;
      if (bytes > maxBytes) throw tooLong(maxBytes);
      take(bytes);
      chunks.push(read.value);
      if (areCrumbs(chunks.length, bytes)) throw invalid('The body comes in too many pieces.');
    }
  } finally {
    deadline.clear();
  }
}

/** Its client has gone: nobody's bug, and nobody reads this. */
const brokenOff = (error: unknown): never => {
  throw invalid('The body broke off.', error);
};

function deadlineIn(ms: number): { passed: Promise<never>; clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    // Made when it is needed: its stack takes longer than to read a body.
    const late = (): AppError => new AppError('REQUEST_TIMEOUT', `The body did not arrive within ${ms} ms.`);
    timer = setTimeout(() => reject(late()), ms).unref();
  });
  return { passed, clear: () => clearTimeout(timer) };
}

/** Anything else is refused for what it is. */
const MAY_BE_JSON = /json/i;

const isPlain = (coding: string | null): boolean => /^\s*identity\s*$/i.test(coding ?? 'identity');

const full = (): AppError =>
  new AppError('OVERLOADED', 'The server holds as many bytes of bodies as it takes. Try again shortly.');
const nested = (): AppError => invalid('The body is nested too deep.');
const packed = (): AppError => new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send the body without a content encoding.');
const tooLong = (maxBytes: number): AppError =>
  new AppError('BODY_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`);
const invalid = (message: string, cause?: unknown): AppError => new AppError('INVALID_INPUT', message, { cause });
