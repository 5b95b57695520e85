import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { addMemories } from '../../../src/core/add-memories.js';
import { deleteMemories } from '../../../src/core/delete-memories.js';
import type { Caller, Deps } from '../../../src/core/deps.js';
import { viewMemory } from '../../../src/core/get-memory.js';
import { listVersions } from '../../../src/core/get-timeline.js';
import { listMemories } from '../../../src/core/list-memories.js';
import { retractMemory } from '../../../src/core/retract-memory.js';
import { revertSupersession } from '../../../src/core/revert-supersession.js';
import { memoryState, momentOf } from '../../../src/core/rules/validity.js';
import { supersedeMemory } from '../../../src/core/supersede-memory.js';
import { AppError } from '../../../src/errors.js';
import type { MemoryRow } from '../../../src/store/memories.js';
import type { createClock } from '../../support/clock.js';
import type { Command, Day, Moment, Pick } from './commands.js';
import { Model, Refused, type Cell, type Seen, type State, type Strangers, type Version } from './model.js';

export const START = Date.parse('2026-03-01T12:00:00.000Z');
const DAY = 86_400_000;

type Write = Exclude<Command, { do: 'read' | 'clock' }>;
type Read = Extract<Command, { do: 'read' }>;
/** A read about a certain memory, whatever is stored since. */
type Question = Omit<Read, 'memory'> & { memory: string };

/** One account on the server and its model: runs commands on both and compares what comes back. */
export class World {
  readonly model: Model;
  readonly #remembered: { read: Question; cell: Cell; seen: unknown }[] = [];
  #hasDeleted = false;

  constructor(
    readonly deps: Deps,
    readonly caller: Caller,
    readonly clock: ReturnType<typeof createClock>,
    readonly foreign: string,
  ) {
    this.model = new Model({ unknown: randomUUID(), foreign } satisfies Strangers, START);
    clock.set(new Date(START).toISOString());
  }

  get #now(): number {
    return this.deps.now().getTime();
  }

  async run(command: Command): Promise<void> {
    if (command.do === 'clock') this.clock.advance(command.hours * 3_600_000);
    else if (command.do === 'read') await this.#read(command);
    else await this.#write(command);
  }

  // ---- writes

  async #write(command: Write): Promise<void> {
    const before = this.model.lastWrite;
    const real = await attempt(() => this.#onServer(command));
    const tables = real.ok ? await this.#tables() : undefined;
    // The server's own instant; had it refused, the one it would have given out.
    const next = Math.max(this.#now, before + 1);
    const at = tables && real.ok && real.value.wrote ? tables.lastKnownAt : next;
    expect(at, 'transaction time').toBe(next);
    const told = await attempt(() => Promise.resolve(this.#onModel(command, at, real.ok ? real.value.id : '')));
    if (!real.ok || !told.ok) {
      expect(real.ok ? 'done' : real.refusal, 'outcome').toEqual(told.ok ? 'done' : told.refusal);
      return;
    }
    if (told.value !== undefined) expect(told.value, 'the memory that says so already').toContain(real.value.id);
    expect(real.value.wrote, 'something was written').toBe(told.value === undefined);
    if (command.do === 'delete') this.#hasDeleted = true;
    if (tables) this.#compareTables(tables);
  }

  async #onServer(command: Write): Promise<{ id: string; wrote: boolean }> {
    const { deps, caller } = this;
    switch (command.do) {
      case 'add': {
        const { text, tenant, validFrom, supersedes } = command;
        const { drafts } = await addMemories(deps, caller, {
          content: text,
          tenantId: tenant || null,
          validFrom: this.#instant(validFrom),
          supersedes: this.#id(supersedes),
        });
        return { id: drafts[0]?.memoryId ?? '', wrote: drafts[0]?.isDuplicate === false };
      }
      case 'supersede': {
        const { memory, by, validTo } = command;
        const input = { memoryId: this.#id(memory), supersededBy: this.#id(by), validTo: this.#instant(validTo) };
        return { id: (await supersedeMemory(deps, caller, input)).memory.id, wrote: true };
      }
      case 'retract': {
        const input = { memoryId: this.#id(command.memory), reason: 'never so' };
        return { id: (await retractMemory(deps, caller, input)).memory.id, wrote: true };
      }
      case 'revert': {
        const { memory, validFrom, keepReplacement } = command;
        const input = { memoryId: this.#id(memory), validFrom: this.#instant(validFrom), keepReplacement };
        return { id: (await revertSupersession(deps, caller, input)).memory.id, wrote: true };
      }
      case 'delete': {
        const { deletedCount } = await deleteMemories(deps, caller, { memoryId: this.#id(command.memory) });
        expect(deletedCount).toBe(1);
        return { id: '', wrote: true };
      }
    }
  }

  /** The versions that already say what was to be added; undefined where something was written. */
  #onModel(command: Write, at: number, id: string): string[] | undefined {
    const { model } = this;
    switch (command.do) {
      case 'add': {
        const { text, tenant, validFrom, supersedes } = command;
        const input = { text, tenant, validFrom: millis(validFrom), supersedes: this.#id(supersedes) };
        const known = model.add(at, id, input);
        return known.length > 0 ? known : undefined;
      }
      case 'supersede': {
        const { memory, by, validTo } = command;
        model.supersede(at, { memory: this.#id(memory), by: this.#id(by), validTo: millis(validTo) });
        return undefined;
      }
      case 'retract':
        model.retract(at, this.#id(command.memory));
        return undefined;
      case 'revert': {
        const { memory, validFrom, keepReplacement } = command;
        model.revert(at, id, { memory: this.#id(memory), validFrom: millis(validFrom), keepReplacement });
        return undefined;
      }
      case 'delete':
        model.delete(at, this.#id(command.memory));
        return undefined;
    }
  }

  // ---- reads

  async #read(read: Read): Promise<void> {
    const known = this.#moment(read.known);
    const cell = { valid: millis(read.valid), known };
    const about = { ...read, memory: this.#id(read.memory) };
    const seen = await this.#compareRead(about, cell);
    // Later writes come after every earlier one, so that a cell up to the newest write is settled for good.
    if (known !== undefined && known <= this.model.lastWrite) this.#remembered.push({ read: about, cell, seen });
  }

  async #compareRead(read: Question, cell: Cell): Promise<unknown> {
    const real = await attempt(() => this.#ask(read, cell));
    const told = await attempt(() => Promise.resolve(this.#answer(read, cell)));
    const seen = real.ok ? real.value : real.refusal;
    expect(seen, `${read.what} at ${JSON.stringify(cell)}`).toEqual(told.ok ? told.value : told.refusal);
    return seen;
  }

  async #ask(read: Question, { valid, known }: Cell): Promise<Seen[] | Seen | null> {
    const { deps, caller } = this;
    const asOf = {
      valid: valid === undefined ? undefined : new Date(valid),
      known: known === undefined ? undefined : new Date(known),
    };
    const show = (row: MemoryRow): Seen => seen(row, deps.now());
    switch (read.what) {
      case 'list': {
        const state = this.#stateOf(read, { valid, known });
        const page = await listMemories(deps, caller, { tenantId: read.tenant || null, asOf, state });
        return page.memories.map(show);
      }
      case 'memory': {
        const row = await viewMemory(deps, caller, { id: read.memory, asOf });
        return row && show(row);
      }
      case 'timeline': {
        const memories = await listVersions(deps, caller, { memoryId: read.memory, asOf });
        return memories.map(show);
      }
    }
  }

  #answer(read: Question, cell: Cell): Seen[] | Seen | null {
    switch (read.what) {
      case 'list':
        return this.model.list(read.tenant, this.#now, cell, this.#stateOf(read, cell));
      case 'memory':
        return this.model.memory(read.memory, this.#now, cell);
      case 'timeline':
        return this.model.timeline(read.memory, this.#now, cell);
    }
  }

  /** With asOf only CURRENT may be asked for; or ANY, with known alone. */
  #stateOf({ state }: Question, { valid, known }: Cell): State | 'ANY' {
    if (valid === undefined && known === undefined) return state as State | 'ANY';
    return valid === undefined && state === 'ANY' ? 'ANY' : 'CURRENT';
  }

  // ---- what must hold

  /** Every row as the model has it, after each write; and the account's counters. */
  #compareTables({ lastSeq, writesUsed, rows }: Tables): void {
    const { newest, events } = this.model;
    expect(rows.map(withoutChain)).toEqual(newest.map(withoutChain));
    expect(groups(rows)).toEqual(groups(newest));
    expect({ writesUsed, lastSeq }).toEqual({ writesUsed: this.model.writesUsed, lastSeq: events.length });
    for (const chain of new Set(rows.map((row) => row.chain))) {
      const versions = rows.filter((row) => row.chain === chain);
      expect(versions.filter(({ knownTo }) => knownTo === null).length, 'held current').toBeLessThanOrEqual(1);
      for (const row of versions) expect(leadsToItself(versions, row), `a circle through ${row.id}`).toBe(false);
    }
    this.#expectOrder();
  }

  /** Where nobody merged by hand, windows do not overlap. */
  #expectOrder(): void {
    const chains = new Set(this.model.newest.map(({ chain }) => chain));
    for (const chain of chains) {
      if (this.model.handMade.has(chain)) continue;
      const windows = this.model.newest
        .filter((one) => one.chain === chain && one.validTo !== one.validFrom)
        .sort((a, b) => a.validFrom - b.validFrom);
      for (const [i, { validTo }] of windows.entries()) {
        const next = windows[i + 1];
        if (next) expect(validTo ?? Infinity, 'windows overlap').toBeLessThanOrEqual(next.validFrom);
      }
    }
  }

  /** What must hold once a sequence is over: events, the tiling of older beliefs, and cells read before. */
  async finish(): Promise<void> {
    const { events, beliefs } = await this.#history();
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, i) => i + 1));
    expect(events.map(({ kind, memory, before }) => ({ kind, memory, before }))).toEqual(this.model.events);
    expect(beliefs, 'older beliefs leave no gap').toEqual([]);
    for (const { read, cell, seen } of this.#remembered) {
      // A deletion changes the past, and a merge which versions a timeline is about: there the model alone says what holds.
      const again = await this.#compareRead(read, cell);
      if (!this.#hasDeleted && read.what !== 'timeline' && typeof seen === 'object' && !isRefusal(seen)) {
        expect(again, `${read.what} at ${JSON.stringify(cell)}, read again`).toEqual(seen);
      }
    }
    // Cells that nobody asked for yet: the middle of the history, on both axes.
    const known = this.model.copies[Math.floor(this.model.copies.length / 2)]?.at ?? START;
    const read = { do: 'read', what: 'list', memory: '', tenant: '', state: 'ANY' } as const;
    await this.#compareRead(read, { valid: undefined, known });
    await this.#compareRead(read, { valid: START, known });
  }

  // ---- names to values

  /** The account and its memories in order of arrival, in one statement, with instants in milliseconds. */
  async #tables(): Promise<Tables> {
    const [tables] = await this.deps.db.$queryRaw<[Tables]>`
      SELECT last_seq::float8 AS "lastSeq", writes_used AS "writesUsed",
        extract(epoch FROM last_known_at)::float8 * 1000 AS "lastKnownAt",
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', id, 'text', text, 'tenant', tenant_id, 'chain', chain_id, 'supersededBy', superseded_by_id,
            'validFrom', extract(epoch FROM valid_from)::float8 * 1000, 'validTo', extract(epoch FROM valid_to)::float8 * 1000,
            'knownFrom', extract(epoch FROM known_from)::float8 * 1000, 'knownTo', extract(epoch FROM known_to)::float8 * 1000,
            'retractedAt', extract(epoch FROM retracted_at)::float8 * 1000) ORDER BY created_seq), '[]')
          FROM memories WHERE account_id = accounts.id) AS rows
      FROM accounts WHERE id = ${this.caller.accountId}::uuid`;
    return { ...tables, lastKnownAt: Math.round(tables.lastKnownAt), rows: tables.rows.map(inMillis) };
  }

  /** All events; and the memories whose older beliefs do not follow each other from known_from to believed_from. */
  async #history(): Promise<History> {
    const [history] = await this.deps.db.$queryRaw<[History]>`
      SELECT
        (SELECT coalesce(jsonb_agg(jsonb_build_object('seq', seq, 'kind', kind, 'memory', memory_id, 'before', before_id)
            ORDER BY seq), '[]') FROM memory_events WHERE account_id = ${this.caller.accountId}::uuid) AS events,
        (SELECT coalesce(jsonb_agg(m.id), '[]') FROM memories m WHERE account_id = ${this.caller.accountId}::uuid AND (
            array(SELECT known_from FROM memory_beliefs b WHERE b.account_id = m.account_id AND b.memory_id = m.id
                  ORDER BY known_from) || m.believed_from
            <> m.known_from || array(SELECT known_to FROM memory_beliefs b
                  WHERE b.account_id = m.account_id AND b.memory_id = m.id ORDER BY known_from))) AS beliefs`;
    return history;
  }

  #id(pick: Pick): string;
  #id(pick: Pick | undefined): string | undefined;
  #id(pick: Pick | undefined): string | undefined {
    if (pick === undefined) return undefined;
    if (typeof pick === 'string') return this.model.strangers[pick];
    const { newest } = this.model;
    return newest[pick % newest.length]?.id ?? this.model.strangers.unknown;
  }

  #instant(day: Day | undefined): Date | undefined {
    return day === undefined ? undefined : new Date(START + day * DAY);
  }

  #moment(moment: Moment | undefined): number | undefined {
    if (moment === undefined) return undefined;
    if (moment === 'now') return this.#now;
    if (moment === 'next month') return this.#now + 31 * DAY;
    const { copies } = this.model;
    return (copies[moment.write % copies.length]?.at ?? START) + moment.plus;
  }
}

interface Tables {
  lastSeq: number;
  lastKnownAt: number;
  writesUsed: number;
  rows: Version[];
}

interface History {
  events: { seq: number; kind: string; memory: string | null; before: string | null }[];
  beliefs: string[];
}

type Outcome<Value> = { ok: true; value: Value } | { ok: false; refusal: { code: string; field: string } };

async function attempt<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof AppError) return { ok: false, refusal: { code: error.code, field: error.field ?? '' } };
    if (error instanceof Refused) return { ok: false, refusal: { code: error.code, field: error.field } };
    throw error;
  }
}

const isRefusal = (value: object | null): boolean => value !== null && 'code' in value;
const millis = (day: Day | undefined): number | undefined => (day === undefined ? undefined : START + day * DAY);
const millisOf = (date: Date | null): number | null => date && date.getTime();

const seen = (row: MemoryRow, now: Date): Seen => ({
  id: row.id,
  validFrom: row.validFrom.getTime(),
  validTo: millisOf(row.validTo),
  knownTo: millisOf(row.knownTo),
  supersededBy: row.supersededById,
  state: memoryState(row, momentOf(row, now)),
});

/** Floats that PostgreSQL made of instants, without what is lost in them. */
const inMillis = (row: Version): Version => ({
  ...row,
  validFrom: Math.round(row.validFrom),
  validTo: row.validTo && Math.round(row.validTo),
  knownFrom: Math.round(row.knownFrom),
  knownTo: row.knownTo && Math.round(row.knownTo),
  retractedAt: row.retractedAt && Math.round(row.retractedAt),
});
const withoutChain = ({ chain: _chain, ...version }: Version): Omit<Version, 'chain'> => version;

/** Which versions belong together, whatever their chain is called. */
function groups(versions: readonly Version[]): string[] {
  const byChain = new Map<string, string[]>();
  for (const { id, chain } of versions) byChain.set(chain, [...(byChain.get(chain) ?? []), id]);
  return [...byChain.values()].map((ids) => ids.sort().join()).sort();
}

function leadsToItself(versions: readonly Version[], first: Version): boolean {
  let next = first.supersededBy;
  for (let steps = 0; next !== null && steps <= versions.length; steps += 1) {
    if (next === first.id) return true;
    next = versions.find(({ id }) => id === next)?.supersededBy ?? null;
  }
  return false;
}
