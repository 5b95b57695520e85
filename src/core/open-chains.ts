import { randomUUID } from 'node:crypto';
import type { Tx } from '../store/client.js';
import { readVersionsBeside, type ClosedWindow, type Memory } from '../store/memories.js';
import { endOf, placeInChain } from './rules/placement.js';

type OpenVersion = Pick<
  Memory,
  'id' | 'chainId' | 'validFrom' | 'validTo' | 'knownTo' | 'retractedAt' | 'supersededById'
>;

/** One version gave way to the next. */
export interface Succession {
  beforeId: string;
  memoryId: string;
  /** The decision that caused it. */
  rivalId: string;
}

export interface Placed {
  chainId: string;
  isFirst: boolean;
  /** Set when a later version is known already. */
  closed: { validTo: Date; supersededById: string } | undefined;
  successions: readonly Succession[];
  /** Rivals that were still current and were replaced. */
  applied: readonly string[];
}

/** The chains of these memories, as they stand under the account's lock. */
export async function readChainsOf(tx: Tx, accountId: string, memoryIds: readonly string[]): Promise<OpenChains> {
  return new OpenChains(memoryIds.length === 0 ? [] : await readVersionsBeside(tx, accountId, memoryIds));
}

/** Chains while a write changes them: works out what closes and what merges, and touches no database. */
export class OpenChains {
  readonly #versions: Map<string, OpenVersion>;
  readonly #closed = new Map<string, ClosedWindow>();
  readonly #merges = new Map<string, string[]>();
  /** Placed, and not in the database yet. */
  readonly #fresh = new Set<string>();

  constructor(versions: readonly OpenVersion[]) {
    this.#versions = new Map(versions.map((version) => [version.id, { ...version }]));
  }

  /**
   * Finds the place of a new memory among the chains of the rivals that are still current, or in that of `anchorId`, a
   * version in whatever state; a chain of its own if there is none.
   */
  place(memory: { id: string; validFrom: Date }, rivalIds: readonly string[], anchorId?: string): Placed {
    // Stored ones first: a chain that is not in the database yet can not take others in.
    const rivals = rivalIds
      .flatMap((id) => this.#versions.get(id) ?? [])
      .filter(({ knownTo }) => knownTo === null)
      .sort((a, b) => Number(this.#fresh.has(a.id)) - Number(this.#fresh.has(b.id)));
    const anchor = anchorId === undefined ? undefined : this.#versions.get(anchorId);
    const [first, ...others] = anchor
      ? [anchor, ...rivals.filter(({ chainId }) => chainId !== anchor.chainId)]
      : rivals;
    if (!first) {
      const chainId = randomUUID();
      this.#add(memory, chainId, undefined);
      return { chainId, isFirst: true, closed: undefined, successions: [], applied: [] };
    }
    const { chainId } = first;
    const { predecessor, successor } = placeInChain(this.#versionsOf(chainId), memory.validFrom);
    const successions: Succession[] = [];
    if (predecessor) {
      this.#close({ ...predecessor, supersededById: memory.id });
      successions.push({ beforeId: predecessor.id, memoryId: memory.id, rivalId: first.id });
    }
    if (successor) successions.push({ beforeId: memory.id, memoryId: successor.id, rivalId: first.id });
    // A memory that is history itself replaces nothing beyond its own chain.
    const alsoReplaced = successor
      ? []
      : others.filter((rival) => rival.validFrom <= memory.validFrom && rival.knownTo === null);
    for (const rival of alsoReplaced) {
      this.#close({ id: rival.id, validTo: endOf(rival, memory.validFrom), supersededById: memory.id });
      this.#merge(chainId, rival.chainId);
      successions.push({ beforeId: rival.id, memoryId: memory.id, rivalId: rival.id });
    }
    const closed = successor ? { validTo: successor.validFrom, supersededById: successor.id } : undefined;
    this.#add(memory, chainId, closed);
    return { chainId, isFirst: false, closed, successions, applied: [first, ...alsoReplaced].map(({ id }) => id) };
  }

  #add(memory: { id: string; validFrom: Date }, chainId: string, closed: Placed['closed']): void {
    this.#fresh.add(memory.id);
    this.#versions.set(memory.id, {
      ...memory,
      chainId,
      validTo: closed?.validTo ?? null,
      knownTo: closed?.validTo ?? null,
      retractedAt: null,
      supersededById: closed?.supersededById ?? null,
    });
  }

  find(id: string): OpenVersion | undefined {
    return this.#versions.get(id);
  }

  closed(): Iterable<ClosedWindow> {
    return this.#closed.values();
  }

  *merges(): Iterable<{ into: string; absorbed: readonly string[] }> {
    for (const [into, absorbed] of this.#merges) yield { into, absorbed };
  }

  #versionsOf(chainId: string) {
    const back = this.#leadingBack();
    return [...this.#versions.values()]
      .filter((version) => version.chainId === chainId && !version.retractedAt && !back.has(version.id))
      .map((version) => ({ ...version, isHead: version.knownTo === null }));
  }

  /**
   * Made by hand, "superseded by" may go back in valid time: a place beside a version from which it does, at whatever step, could close
   * a circle. Each is looked at once, and without recursion: a chain may have more versions than a stack has frames.
   */
  #leadingBack(): Set<string> {
    const seen = new Set<string>();
    const back = new Set<string>();
    for (const first of this.#versions.values()) {
      const path: OpenVersion[] = [];
      let next: OpenVersion | undefined = first;
      let leadsBack = false;
      for (let at: OpenVersion | undefined = first; at; at = next) {
        if (seen.has(at.id)) {
          leadsBack = back.has(at.id);
          break;
        }
        seen.add(at.id);
        path.push(at);
        next = at.supersededById === null ? undefined : this.#versions.get(at.supersededById);
      }
      for (const at of path.reverse()) {
        const after: OpenVersion | undefined = this.#versions.get(at.supersededById ?? '');
        leadsBack ||= after !== undefined && after.validFrom < at.validFrom;
        if (leadsBack) back.add(at.id);
      }
    }
    return back;
  }

  #close(window: ClosedWindow): void {
    this.#closed.set(window.id, window);
    const version = this.#versions.get(window.id);
    if (version) Object.assign(version, { ...window, knownTo: version.knownTo ?? window.validTo });
  }

  #merge(into: string, absorbed: string): void {
    if (into === absorbed) return;
    this.#merges.set(into, [...(this.#merges.get(into) ?? []), absorbed]);
    for (const version of this.#versions.values()) if (version.chainId === absorbed) version.chainId = into;
  }
}
