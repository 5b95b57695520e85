export type MemoryState = 'CURRENT' | 'SUPERSEDED' | 'EXPIRED' | 'RETRACTED';

/** A memory's two windows: valid time is the world's, transaction time ("known") is the server's. Both are [from, to). */
export interface Windows {
  validFrom: Date;
  validTo: Date | null;
  knownFrom: Date;
  knownTo: Date | null;
  supersededById: string | null;
  retractedAt: Date | null;
}

/** The instant at which a memory is judged: that of the view it was read in, else now. */
export const momentOf = (memory: object, now: Date): Date =>
  'viewedAt' in memory && memory.viewedAt instanceof Date ? memory.viewedAt : now;

/** What became of a memory, as far as is known at `now`. What is no longer held current is over, even if its end lies ahead. */
export function memoryState(memory: Omit<Windows, 'validFrom' | 'knownFrom'>, now: Date): MemoryState {
  if (memory.retractedAt) return 'RETRACTED';
  if (memory.supersededById) return 'SUPERSEDED';
  return memory.knownTo || (memory.validTo && memory.validTo <= now) ? 'EXPIRED' : 'CURRENT';
}

export const isCurrent = (memory: Parameters<typeof memoryState>[0], now: Date): boolean =>
  memoryState(memory, now) === 'CURRENT';

/** End of the transaction window: an expiry that was announced ahead ends it when it comes to pass, with no write at that instant. */
export const knownUntil = (memory: Pick<Windows, 'knownTo' | 'validTo'>, now: Date): Date | null =>
  memory.knownTo ?? (memory.validTo && memory.validTo <= now ? memory.validTo : null);
