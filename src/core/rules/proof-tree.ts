import { createHash } from 'node:crypto';

/** A version as a proof shows it. */
export interface Version {
  id: string;
  text: string;
  chainId: string;
  validFrom: Date;
  validTo: Date | null;
  knownFrom: Date;
  knownTo: Date | null;
  supersededById: string | null;
}

export interface Evidence {
  memory: Version;
  /** N of [mem-N]; null when nothing at all was cited. */
  index: number | null;
  isCited: boolean;
  similarity: number;
}

export interface SupersessionPath {
  startingMemoryId: string;
  /** The version that nothing replaced; null if the last one merely ended or the walk was cut. */
  currentTruthMemoryId: string | null;
  links: readonly { memoryId: string; supersededBy: string | null; supersededAt: Date | null; text: string }[];
}

/** Longer chains are cut: a proof is to be read. */
const MAX_HOPS = 50;

/**
 * SHA-256, in hex, of the UTF-8 of this JSON, without spaces: {"version","question","answer","evidence":[{"memory_id","decision",
 * "valid_from","valid_to","known_from","known_to","cited"}]}, in this order of keys, evidence in the order of the proof, instants as
 * ISO 8601 with milliseconds and Z. Whoever holds the proof can compute it again.
 */
export function answerHash(version: string, question: string, answer: string, evidence: readonly Evidence[]): string {
  const bound = {
    version,
    question,
    answer,
    evidence: evidence.map(({ memory, isCited }) => ({
      memory_id: memory.id,
      decision: memory.text,
      valid_from: memory.validFrom.toISOString(),
      valid_to: memory.validTo?.toISOString() ?? null,
      known_from: memory.knownFrom.toISOString(),
      known_to: memory.knownTo?.toISOString() ?? null,
      cited: isCited,
    })),
  };
  return createHash('sha256').update(JSON.stringify(bound)).digest('hex');
}

/** How the facts behind an answer came to be what they are: each chain with more than one version, walked forward from its oldest. */
export function supersessionPaths(versions: readonly Version[]): SupersessionPath[] {
  const byId = new Map(versions.map((version) => [version.id, version]));
  const chains = new Map<string, Version[]>();
  for (const version of versions) chains.set(version.chainId, [...(chains.get(version.chainId) ?? []), version]);
  return [...chains.values()]
    .filter((chain) => chain.length > 1)
    .flatMap((chain) => {
      const [oldest] = [...chain].sort((a, b) => a.validFrom.getTime() - b.validFrom.getTime());
      return oldest ? [walk(oldest, byId)] : [];
    });
}

function walk(start: Version, byId: ReadonlyMap<string, Version>): SupersessionPath {
  const path: Version[] = [];
  const seen = new Set<string>();
  let at: Version | undefined = start;
  while (at && !seen.has(at.id) && path.length <= MAX_HOPS) {
    seen.add(at.id); // links that went in a circle would otherwise never end
    path.push(at);
    at = at.supersededById === null ? undefined : byId.get(at.supersededById);
  }
  const last = path.at(-1);
  return {
    startingMemoryId: start.id,
    currentTruthMemoryId: last?.knownTo === null ? last.id : null,
    links: path.map(({ id, supersededById, knownTo, text }) => ({
      memoryId: id,
      supersededBy: supersededById,
      supersededAt: knownTo,
      text,
    })),
  };
}
