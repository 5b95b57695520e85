import { isOutage } from './errors.js';

/** Without a word of it for so long an outage is over, and the next one is another. */
const QUIET_MS = 60_000;

interface Lines {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
  info(details: object, message: string): void;
}

/**
 * What work that nobody waits for tells the operator. An outage of the database is met by all of it, again and again: that is
 * one line, and no bug. Everything else is told each time.
 */
export class OutageLog {
  #metAt = -Infinity;

  constructor(
    private readonly lines: Lines,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Tells of a bug, with its stack. */
  bug(error: unknown): void {
    if (!this.#isKnownOutage(error)) this.lines.error({ err: error }, 'a bug');
  }

  /** Tells of work that did not succeed and is tried again. */
  warn(details: object & { err?: unknown }, what: string): void {
    if (!this.#isKnownOutage(details.err)) this.lines.warn(details, what);
  }

  info(details: object, what: string): void {
    this.lines.info(details, what);
  }

  #isKnownOutage(error: unknown): boolean {
    if (!isOutage(error)) return false;
    const isNew = this.now() - this.#metAt > QUIET_MS;
    this.#metAt = this.now();
    if (isNew) this.lines.warn({ err: error }, 'the database can not be reached; background work waits for it');
    return true;
  }
}
