/** Where progress is shown: a terminal, or a log that keeps every line. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
}

const WIDTH = 24;
/** On a terminal a line is drawn over; elsewhere each is kept, so they come seldom. */
const EVERY_MS = { terminal: 100, log: 5_000 } as const;

/** Shows how far something has come, how fast it goes, and how long it will take. */
export class ProgressBar {
  #shownAt = -Infinity;
  #from: { done: number; at: number } | undefined;

  constructor(
    readonly screen: Screen,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** `isLast`: shown whatever was shown a moment ago, and left standing. */
  show(done: number, total: number, isLast = false): void {
    const at = this.now();
    this.#from ??= { done, at };
    const isTerminal = this.screen.isTTY === true;
    if (!isLast && at - this.#shownAt < (isTerminal ? EVERY_MS.terminal : EVERY_MS.log)) return;
    this.#shownAt = at;
    const line = this.#line(done, total, at, this.#from);
    this.screen.write(isTerminal ? `\r\u001B[K${line}${isLast ? '\n' : ''}` : `${line}\n`);
  }

  #line(done: number, total: number, at: number, from: { done: number; at: number }): string {
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * WIDTH);
    const rate = (done - from.done) / Math.max(0.001, (at - from.at) / 1_000);
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`;
    const speed = done > from.done ? `, ${Math.round(rate)} rows/s, ${toClock((total - done) / rate)} left` : '';
    return `${bar} ${Math.floor(share * 100)} %, ${done} of ${total} rows${speed}`;
  }
}

const toClock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
