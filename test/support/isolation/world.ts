import { randomUUID } from 'node:crypto';
import type { App } from '../../../src/app.js';
import type { Random } from './random.js';

/** What a run of random operations by many accounts came to. */
export interface IsolationReport {
  operations: number;
  /** Replies that were looked through, and how many characters they had. */
  replies: number;
  characters: number;
  /** What was shown to somebody whose it is not. */
  leaks: string[];
  /** Where a reply is not what the model of its own account says, or what is refused was not. */
  differences: string[];
  /** How often each verb was done, and how often by keys that are bound to a tenant. */
  byVerb: Record<string, { done: number; bound: number }>;
}

/** Whose something is. */
export interface Owner {
  account: number;
  tenant: number;
}

/** Stands for no tenant: names and ids of an account and its keys belong to all of it. */
export const WHOLE = 99;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Every text says whose it is: account 3, tenant 1 writes Qa3t1z. */
const MARK = /Qa(\d+)t(\d+)z/gi;

export const markOf = ({ account, tenant }: Owner): string => `Qa${account}t${tenant}z`;

/** Who is shown something. */
export interface Audience {
  account: number;
  /** The tenant that was asked for, or that the key is bound to; undefined: any of the account. */
  tenant: number | undefined;
}

/** All that is there, whose it is, and what has been found. */
export class World {
  readonly report: IsolationReport = {
    operations: 0,
    replies: 0,
    characters: 0,
    leaks: [],
    differences: [],
    byVerb: {},
  };
  /** Whose an id is, also long after its deletion. */
  readonly owners = new Map<string, Owner>();
  /** What each tenant of each account holds: all versions of its facts. */
  readonly held: Set<string>[][];
  /** Supersessions that await a person, of each account. */
  readonly proposals: string[][];

  constructor(
    readonly app: App,
    readonly enough: number,
    accounts: number,
    readonly tenants: number,
  ) {
    this.held = Array.from({ length: accounts }, () => Array.from({ length: tenants }, () => new Set()));
    this.proposals = Array.from({ length: accounts }, () => []);
  }

  get isEnough(): boolean {
    return this.report.leaks.length + this.report.differences.length >= this.enough;
  }

  heldBy = ({ account, tenant }: Owner): Set<string> => this.held[account]?.[tenant] ?? new Set();

  /** A memory that is there, of another account; of a tenant beside `mine`, if `isNear`, of the same. */
  foreignTo(mine: Owner, isNear: boolean, random: Random): { id: string; owner: Owner | undefined } {
    const others = this.held.flatMap((tenants, account) =>
      tenants.flatMap((ids, tenant) =>
        ids.size > 0 && (account === mine.account) === isNear && !(isNear && tenant === mine.tenant)
          ? [{ ids, owner: { account, tenant } }]
          : [],
      ),
    );
    const chosen = random.oneOf(others);
    return { id: random.oneOf([...(chosen?.ids ?? [])]) ?? randomUUID(), owner: chosen?.owner };
  }

  /** Whose marks and ids are in a reply; `echoes`: what the request itself named. */
  scan(what: string, text: string, { account, tenant }: Audience, echoes: string): void {
    const { report, owners } = this;
    report.replies += 1;
    report.characters += text.length;
    const said = echoes.toLowerCase();
    const isOwn = (owner: Owner): boolean =>
      owner.account === account && (tenant === undefined || owner.tenant === tenant || owner.tenant === WHOLE);
    const found = (shown: string): void => {
      report.leaks.push(`account ${account}${tenant === undefined ? '' : `, tenant ${tenant}`}, ${what}: ${shown}`);
    };
    for (const [mark, of, tenantOf] of text.matchAll(MARK)) {
      if (!isOwn({ account: Number(of), tenant: Number(tenantOf) }) && !said.includes(mark.toLowerCase())) found(mark);
    }
    for (const [id] of text.matchAll(UUID)) {
      const owner = owners.get(id);
      if (owner && !isOwn(owner) && !said.includes(id)) found(`an id of ${markOf(owner)}`);
    }
  }

  /** Notes where what was seen is not what had to be. */
  same(who: string, what: string, seen: unknown, wanted: unknown): void {
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
    this.report.differences.push(
      `${who}, ${what}: ${JSON.stringify(seen)} for ${JSON.stringify(wanted)}`.slice(0, 400),
    );
  }
}
