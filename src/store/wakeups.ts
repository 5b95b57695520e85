/** A hint that an account has news. The table of events is the truth: losing a hint only delays its reader. */
export class Wakeups {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Wakes everybody who waits for news of this account. */
  wake(accountId: string): void {
    for (const wake of this.#waiting.get(accountId) ?? []) wake();
  }

  /** For when hints may have been lost, as after a reconnect. */
  wakeAll(): void {
    for (const accountId of this.#waiting.keys()) this.wake(accountId);
  }

  /** Resolves at the next hint, after `timeoutMs`, or when `signal` aborts; never rejects. */
  next(accountId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const waiting = this.#waiting.get(accountId) ?? new Set();
      this.#waiting.set(accountId, waiting);
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        waiting.delete(done);
        // Without this, every account that ever had a reader would stay in the map.
        if (waiting.size === 0 && this.#waiting.get(accountId) === waiting) this.#waiting.delete(accountId);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
