/** A version as placement sees it. */
export interface Version {
  id: string;
  validFrom: Date;
  validTo: Date | null;
  /** The chain's head: not yet replaced. At most one per chain. */
  isHead: boolean;
}

export interface Placement {
  /** The version that ends where the new one begins; none if the new one is the oldest. */
  predecessor: { id: string; validTo: Date } | null;
  /** The version that begins where the new one ends; none if the new one is the newest, and so the head. */
  successor: { id: string; validFrom: Date } | null;
}

/**
 * Where a new version belongs in its chain, in valid time: between the last version that begins no later and the first
 * that begins later. Windows then never overlap, whatever the order of arrival. Of versions that begin at the same
 * instant the newest to arrive holds, and the one before it is left an empty window.
 */
export function placeInChain(versions: readonly Version[], validFrom: Date): Placement {
  const head = versions.find(({ isHead }) => isHead);
  // Chains that were merged by hand may hold versions that begin after the head: they are history and give no place.
  const ordered = versions
    .filter((version) => version !== head && (!head || version.validFrom <= head.validFrom))
    .concat(head ?? [])
    .sort((a, b) => a.validFrom.getTime() - b.validFrom.getTime());
  const before = ordered.findLast((version) => version.validFrom <= validFrom);
  const after = ordered.find((version) => version.validFrom > validFrom);
  return {
    predecessor: before ? { id: before.id, validTo: endOf(before, validFrom) } : null,
    successor: after ? { id: after.id, validFrom: after.validFrom } : null,
  };
}

/** A version that had already ended before the new one begins keeps its own end: the gap between them is real. */
export const endOf = ({ validTo }: Pick<Version, 'validTo'>, validFrom: Date): Date =>
  validTo && validTo < validFrom ? validTo : validFrom;
