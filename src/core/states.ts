import type { Wakeups } from '../store/wakeups.js';
import { outlast } from './outlast.js';

/** What changes without a hint, as a plan by hand or a new month, is noticed at most this late. */
const LOOK_MS = 5_000;

/** What a state was found to be. No two readings of one server have the same number, whatever they are of. */
export interface Reading<State> {
  kind: 'READING';
  number: number;
  state: State;
}

export interface Source<State> {
  /** Who gives the same name may see the same. */
  name: string;
  accountId: string;
  read: () => Promise<State>;
}

/** States that are told again whenever they have changed: each is read once for all who follow it, whatever their number. */
export class States {
  readonly #watches = new Map<string, Watch<unknown>>();
  #readings = 0;

  constructor(private readonly wakeups: Wakeups) {}

  /** A state that was found by other means: made for one subscriber, it serves all whom it is given to. */
  reading<State>(state: State): Reading<State> {
    return { kind: 'READING', number: ++this.#readings, state };
  }

  /**
   * The state as it is now, then each time that it is another, for as long as the caller keeps asking. Pulled: who asks slowly is
   * told the newest. A database that is away is waited for. @throws what `read` throws for any other reason
   */
  async *follow<State>(source: Source<State>, signal: AbortSignal): AsyncGenerator<Reading<State>> {
    const watch = (this.#watches.get(source.name) ?? new Watch(source, this.wakeups, this)) as Watch<State>;
    this.#watches.set(source.name, watch);
    watch.followers++;
    try {
      let reading = await watch.now(signal);
      while (reading && !signal.aborted) {
        yield reading;
        reading = await watch.after(reading, signal);
      }
    } catch (error) {
      this.#forget(source.name, watch); // who comes now looks anew
      throw error;
    } finally {
      if (--watch.followers === 0) {
        watch.stop();
        this.#forget(source.name, watch);
      }
    }
  }

  #forget(name: string, watch: unknown): void {
    if (this.#watches.get(name) === watch) this.#watches.delete(name);
  }
}

/** One state, read at each hint about its account. */
class Watch<State> {
  followers = 0;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  #rest = new AbortController();
  #begun = 0;
  #finished = 0;
  #said = '';
  #newest: Reading<State> | undefined;
  #failure: Error | undefined;

  constructor(
    private readonly source: Source<State>,
    private readonly wakeups: Wakeups,
    private readonly states: Pick<States, 'reading'>,
  ) {}

  stop(): void {
    this.#stop.abort();
    this.#rest.abort();
  }

  /** As it is found by a look that begins after this call: what is kept may be older than what its caller just did. */
  async now(signal: AbortSignal): Promise<Reading<State> | undefined> {
    const wanted = this.#begun + 1;
    if (this.#begun === 0) void this.#look();
    else this.#rest.abort();
    await this.#until(() => this.#finished >= wanted, signal);
    return this.#newest;
  }

  /** The newest reading, once that is another one. */
  async after({ number }: Reading<State>, signal: AbortSignal): Promise<Reading<State> | undefined> {
    await this.#until(() => (this.#newest?.number ?? 0) > number, signal);
    return this.#newest;
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        this.#rest = new AbortController();
        const woken = this.wakeups.next(this.source.accountId, LOOK_MS, this.#rest.signal); // armed before the read, so that nothing falls between
        const look = ++this.#begun;
        this.#take(await outlast(this.source.read, signal));
        this.#finished = look;
        this.#wake();
        await woken;
      }
    } catch (error) {
      this.#rest.abort();
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#wake();
    }
  }

  #take(state: State): void {
    const said = JSON.stringify(state);
    if (said === this.#said) return;
    this.#said = said;
    this.#newest = this.states.reading(state);
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves once it is so, or when `signal` aborts. @throws what the state could not be read for */
  #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.#failure && !isSo() && !signal.aborted) return;
        this.#waiting.delete(look);
        signal.removeEventListener('abort', look);
        if (this.#failure) reject(this.#failure);
        else resolve();
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }
}
