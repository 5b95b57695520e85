const FIRST_MS = 60_000;
const LAST_MS = 3_600_000;
const MOST_KEPT = 1_000;

/** What was tried in vain, and is not tried again for a minute, then for two, and so on up to an hour. */
export class Rests {
  readonly #kept = new Map<string, { until: number; ms: number }>();

  begin(name: string): void {
    const ms = Math.min(LAST_MS, 2 * (this.#kept.get(name)?.ms ?? FIRST_MS / 2));
    this.#kept.delete(name);
    this.#kept.set(name, { until: performance.now() + ms, ms });
    const [oldest] = this.#kept.size > MOST_KEPT ? this.#kept.keys() : [];
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  isOn(name: string): boolean {
    return (this.#kept.get(name)?.until ?? 0) > performance.now();
  }
}
