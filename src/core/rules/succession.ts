interface Link {
  id: string;
  supersededById: string | null;
}

/** Whether following "superseded by" from one version arrives at another. */
export function leadsTo(versions: readonly Link[], from: string, to: string): boolean {
  const next = new Map(versions.map(({ id, supersededById }) => [id, supersededById]));
  const seen = new Set<string>();
  for (let id: string | null | undefined = from; id && !seen.has(id); id = next.get(id)) {
    if (id === to) return true;
    seen.add(id); // links that went in a circle would otherwise never end
  }
  return false;
}
