// The naive model: after each write it keeps a whole copy of what is believed, and answers from the copy in force at T.
// It is written from the documents' words, not from src: where the two differ, one of them is wrong.

export interface Version {
  id: string;
  text: string;
  tenant: string;
  chain: string;
  validFrom: number;
  validTo: number | null;
  knownFrom: number;
  knownTo: number | null;
  supersededBy: string | null;
  retractedAt: number | null;
}

export interface ModelEvent {
  kind: string;
  memory: string | null;
  before: string | null;
}

export interface Cell {
  valid: number | undefined;
  known: number | undefined;
}

export const STATES = ['CURRENT', 'SUPERSEDED', 'EXPIRED', 'RETRACTED'] as const;
export type State = (typeof STATES)[number];

/** What a read shows of a version. */
export interface Seen {
  id: string;
  validFrom: number;
  validTo: number | null;
  knownTo: number | null;
  supersededBy: string | null;
  state: State;
}

/** A command that must not succeed. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly field: string,
  ) {
    super(`${code} ${field}`);
  }
}

/** An id that no account has, and one of another account: what commands may name besides versions of the model. */
export interface Strangers {
  unknown: string;
  foreign: string;
}

export interface AddCommand {
  text: string;
  tenant: string;
  validFrom: number | undefined;
  supersedes: string | undefined;
}
export interface SupersedeCommand {
  memory: string;
  by: string | undefined;
  validTo: number | undefined;
}
export interface RevertCommand {
  memory: string;
  validFrom: number | undefined;
  keepReplacement: boolean;
}

export class Model {
  /** In order of arrival; the last copy is the newest belief. */
  readonly copies: { at: number; versions: readonly Version[] }[] = [];
  readonly events: ModelEvent[] = [];
  /** Chains whose order was made by hand: their windows may overlap. */
  readonly handMade = new Set<string>();
  writesUsed = 0;
  #period: number;

  constructor(
    readonly strangers: Strangers,
    start: number,
  ) {
    this.copies.push({ at: start, versions: [] });
    this.#period = monthOf(start);
  }

  get newest(): readonly Version[] {
    return this.#copyAt(undefined);
  }

  get lastWrite(): number {
    return this.copies.at(-1)?.at ?? 0;
  }

  // ---- writes: each changes a copy, and is kept only if it succeeds

  /** The versions that say it already, any of which may be named; none if it was stored as `id`. */
  add(at: number, id: string, { text, tenant, validFrom, supersedes }: AddCommand): string[] {
    const anchor = supersedes === undefined ? undefined : this.#find(supersedes, 'supersedes');
    if (anchor && anchor.tenant !== tenant) throw new Refused('INVALID_INPUT', 'supersedes');
    const same = this.newest.filter(
      (one) =>
        one.tenant === tenant &&
        one.text === text &&
        stateOf(one, at) === 'CURRENT' &&
        (validFrom ?? one.validFrom) === one.validFrom,
    );
    if (!anchor && same.length > 0) return same.map((one) => one.id);
    this.#write(at, (versions) => {
      this.#countWrite(at);
      this.events.push({ kind: 'CREATED', memory: id, before: null });
      this.#place(versions, at, { id, text, tenant, validFrom: validFrom ?? at, chain: anchor?.chain ?? id });
    });
    return [];
  }

  supersede(at: number, { memory, by, validTo }: SupersedeCommand): void {
    if (by === undefined && validTo === undefined) throw new Refused('INVALID_INPUT', '');
    if (by === memory) throw new Refused('INVALID_INPUT', 'supersededBy');
    const old = this.#find(memory, 'memoryId');
    const next = by === undefined ? undefined : this.#find(by, 'supersededBy');
    if (old.retractedAt !== null || old.knownTo !== null) throw new Refused('CONFLICT', 'memoryId');
    if (validTo !== undefined && validTo < old.validFrom) throw new Refused('INVALID_INPUT', 'validTo');
    if (next && next.tenant !== old.tenant) throw new Refused('INVALID_INPUT', 'supersededBy');
    if (next && next.retractedAt !== null) throw new Refused('CONFLICT', 'supersededBy');
    if (next && pathFrom(this.newest, next).includes(old)) throw new Refused('CONFLICT', 'supersededBy');
    this.#write(at, (versions) => {
      const changed = get(versions, memory);
      const end = validTo ?? Math.max(changed.validFrom, Math.min(at, changed.validTo ?? at));
      changed.validTo = end;
      changed.supersededBy = by ?? null;
      if (next || end <= at) changed.knownTo = at;
      if (next) {
        this.handMade.add(next.chain);
        for (const one of versions) if (one.chain === old.chain) one.chain = next.chain;
      }
      this.events.push(
        next
          ? { kind: 'SUPERSEDED', memory: next.id, before: memory }
          : { kind: 'EXPIRED', memory: memory, before: null },
      );
    });
  }

  retract(at: number, memory: string): void {
    const old = this.#find(memory, 'memoryId');
    if (old.retractedAt !== null) throw new Refused('CONFLICT', 'memoryId');
    this.#write(at, (versions) => {
      const changed = get(versions, memory);
      changed.validTo = changed.validFrom;
      changed.retractedAt = at;
      changed.knownTo ??= at;
      this.events.push({ kind: 'RETRACTED', memory, before: null });
    });
  }

  revert(at: number, id: string, { memory, validFrom, keepReplacement }: RevertCommand): void {
    const old = this.#find(memory, 'memoryId');
    if (stateOf(old, at) !== 'SUPERSEDED') throw new Refused('CONFLICT', 'memoryId');
    this.#write(at, (versions) => {
      this.#countWrite(at);
      this.events.push({ kind: 'CREATED', memory: id, before: null });
      this.events.push({ kind: 'REVERTED', memory: id, before: memory });
      const chain = keepReplacement ? id : old.chain;
      this.#place(versions, at, { id, text: old.text, tenant: old.tenant, validFrom: validFrom ?? at, chain });
    });
  }

  /** The one command that edits the past: the version leaves every copy, and what pointed to it points past it. */
  delete(at: number, memory: string): void {
    const gone = this.#find(memory, 'memoryId');
    for (const event of this.events) {
      if (event.memory === memory) event.memory = null;
      if (event.before === memory) event.before = null;
    }
    this.#write(at, () => this.events.push({ kind: 'DELETED', memory: null, before: null }));
    for (const copy of this.copies) {
      copy.versions = copy.versions
        .filter(({ id }) => id !== memory)
        .map((one) => (one.supersededBy === memory ? { ...one, supersededBy: gone.supersededBy } : one));
    }
  }

  // ---- reads

  /** By arrival, and where only valid time is asked for by that; newest first. */
  list(tenant: string, now: number, cell: Cell, state: State | 'ANY' = 'CURRENT'): Seen[] {
    const versions = this.#copyAt(cell.known).filter((one) => one.tenant === tenant);
    const isByValidTime = cell.valid !== undefined && cell.known === undefined;
    const ordered = isByValidTime ? [...versions].sort((a, b) => a.validFrom - b.validFrom) : versions;
    return ordered
      .filter((one) => {
        if (cell.valid !== undefined) return holdsAt(one, cell.valid);
        return state === 'ANY' || stateOf(one, cell.known ?? now) === state;
      })
      .map((one) => see(one, cell.known ?? now))
      .reverse();
  }

  memory(id: string, now: number, cell: Cell): Seen | null {
    this.#find(id, 'id');
    const one = this.#copyAt(cell.known).find((version) => version.id === id);
    if (!one || (cell.valid !== undefined && !holdsAt(one, cell.valid))) return null;
    return see(one, cell.known ?? now);
  }

  /** Which versions belong together is what is known today; what is said of them is what was known then. */
  timeline(id: string, now: number, cell: Cell): Seen[] {
    const { chain } = this.#find(id, 'memoryId');
    const members = new Set(this.newest.filter((one) => one.chain === chain).map((one) => one.id));
    return this.#copyAt(cell.known)
      .filter((one) => members.has(one.id) && (cell.valid === undefined || holdsAt(one, cell.valid)))
      .map((one) => see(one, cell.known ?? now))
      .sort((a, b) => a.validFrom - b.validFrom);
  }

  // ---- how

  #write(at: number, change: (versions: Version[]) => void): void {
    const versions = this.newest.map((one) => ({ ...one }));
    change(versions);
    this.copies.push({ at, versions });
  }

  #copyAt(known: number | undefined): readonly Version[] {
    return this.copies.findLast(({ at }) => known === undefined || at <= known)?.versions ?? [];
  }

  #find(id: string, field: string): Version {
    if (id === this.strangers.foreign) throw new Refused('FORBIDDEN', field);
    const found = this.newest.find((one) => one.id === id);
    if (!found) throw new Refused('NOT_FOUND', field);
    return found;
  }

  /** Between the last version that begins no later and the first that begins later. */
  #place(
    versions: Version[],
    at: number,
    fresh: Pick<Version, 'id' | 'text' | 'tenant' | 'validFrom' | 'chain'>,
  ): void {
    const members = versions.filter((one) => one.chain === fresh.chain && one.retractedAt === null);
    const head = members.find(({ knownTo }) => knownTo === null);
    const line = members
      // By hand a version may be replaced by one that began earlier: what leads back in time gives no place.
      .filter((one) => {
        const path = pathFrom(versions, one);
        return path.every((step, i) => i === 0 || step.validFrom >= (path[i - 1]?.validFrom ?? 0));
      })
      .filter((one) => !head || one.validFrom <= head.validFrom)
      .sort((a, b) => a.validFrom - b.validFrom || Number(a === head) - Number(b === head));
    const before = line.findLast(({ validFrom }) => validFrom <= fresh.validFrom);
    const after = line.find(({ validFrom }) => validFrom > fresh.validFrom);
    if (before) {
      before.validTo = Math.min(before.validTo ?? fresh.validFrom, fresh.validFrom);
      before.supersededBy = fresh.id;
      before.knownTo ??= at;
      this.events.push({ kind: 'SUPERSEDED', memory: fresh.id, before: before.id });
    }
    if (after) this.events.push({ kind: 'SUPERSEDED', memory: after.id, before: fresh.id });
    versions.push({
      ...fresh,
      validTo: after?.validFrom ?? null,
      knownFrom: at,
      knownTo: after ? at : null,
      supersededBy: after?.id ?? null,
      retractedAt: null,
    });
  }

  #countWrite(at: number): void {
    if (monthOf(at) > this.#period) {
      this.#period = monthOf(at);
      this.writesUsed = 0;
    }
    this.writesUsed += 1;
  }
}

export function stateOf({ retractedAt, supersededBy, knownTo, validTo }: Version, now: number): State {
  if (retractedAt !== null) return 'RETRACTED';
  if (supersededBy !== null) return 'SUPERSEDED';
  return knownTo !== null || (validTo !== null && validTo <= now) ? 'EXPIRED' : 'CURRENT';
}

const holdsAt = ({ validFrom, validTo }: Version, instant: number): boolean =>
  validFrom <= instant && (validTo === null || instant < validTo);

const see = (one: Version, moment: number): Seen => ({
  id: one.id,
  validFrom: one.validFrom,
  validTo: one.validTo,
  knownTo: one.knownTo,
  supersededBy: one.supersededBy,
  state: stateOf(one, moment),
});

function get(versions: readonly Version[], id: string): Version {
  const found = versions.find((one) => one.id === id);
  if (!found) throw new Error(`the model lost ${id}`);
  return found;
}

/** A version and those that replaced it, in turn. */
function pathFrom(versions: readonly Version[], first: Version): Version[] {
  const path: Version[] = [];
  for (let one: Version | undefined = first; one && !path.includes(one);) {
    path.push(one);
    const next: string | null = one.supersededBy;
    one = versions.find(({ id }) => id === next);
  }
  return path;
}

const monthOf = (instant: number): number => {
  const date = new Date(instant);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
};
