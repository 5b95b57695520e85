const DAY_MS = 86_400_000;

interface Aging {
  createdAt: Date;
  isCurrent: boolean;
}

/**
 * How fresh a memory is, 0 to 1: `0.5 ** (age in days / half-life)`; 0 once superseded or expired, 1 for a date in the
 * future. Computed at read, never stored, never used for ranking. The formula is the documented one of the REST contract.
 */
export function freshness({ createdAt, isCurrent }: Aging, halfLifeDays: number, now: Date): number {
  if (!isCurrent) return 0;
  const ageDays = Math.max(0, now.getTime() - createdAt.getTime()) / DAY_MS;
  return 0.5 ** (ageDays / halfLifeDays);
}
