/** A clock that stands still until it is moved. */
export function createClock(start = '2026-03-01T12:00:00.000Z') {
  let now = new Date(start);
  return {
    now: (): Date => new Date(now),
    set: (instant: string): void => {
      now = new Date(instant);
    },
    advance: (ms: number): void => {
      now = new Date(now.getTime() + ms);
    },
  };
}
