import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<RequestTime>();

/**
 * The time that one request may take. While it runs, whatever the request does reads it from its asynchronous context; once
 * the request is over, what it left running in the background has all the time there is.
 */
export class RequestTime {
  readonly #up = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #leftMs: number;
  #since = 0;
  #pauses = 0;
  #isOver = false;

  /** `limitMs`: 0 for any time. */
  constructor(limitMs: number) {
    this.#leftMs = limitMs === 0 ? Infinity : limitMs;
    this.#goOn();
  }

  /** That of the request which runs; undefined outside of one. */
  static current(): RequestTime | undefined {
    const time = current.getStore();
    return time && !time.#isOver ? time : undefined;
  }

  /** Runs work that is not of one request alone. */
  static without<Result>(work: () => Promise<Result>): Promise<Result> {
    return current.exit(work);
  }

  /** Runs the request's work. What else it does from then on, with others' or without, is not held to the time. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return current.run(this, work);
  }

  /** Aborts when the time is up, or nobody waits any more. */
  get signal(): AbortSignal {
    return this.#up.signal;
  }

  /** Stops the work as if its time was up. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#up.abort();
  }

  /** The request's work has ended, in whatever way. */
  end(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
  }

  /** Waits for what has a limit of its own, with the clock stopped: a model. */
  async outside<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#pauses++ === 0) this.#pause();
    try {
      return await work();
    } finally {
      if (--this.#pauses === 0) this.#goOn();
    }
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#since;
  }

  #goOn(): void {
    this.#since = performance.now();
    if (this.#isOver || this.signal.aborted || this.#leftMs === Infinity) return;
    this.#timer = setTimeout(() => this.stop(), Math.max(0, this.#leftMs));
  }
}
