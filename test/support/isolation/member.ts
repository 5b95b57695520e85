import { randomUUID } from 'node:crypto';
import type { Random } from './random.js';
import type { Requests } from './requests.js';
import { markOf, type Owner, type World } from './world.js';

const WORDS = ['harbour', 'lantern', 'orchard', 'violin', 'glacier', 'ferry', 'saddle', 'copper', 'meadow', 'pillow'];

/** One account with its tenants, as its own model has it. What is held of it stands in the world, for others to ask for. */
export class Member {
  written = 0;
  /** The newest event of each tenant and, at the end, of all. */
  readonly #cursors: (bigint | undefined)[] = [];
  #names = 0;

  constructor(
    readonly world: World,
    readonly account: number,
    readonly random: Random,
    /** The key of the whole account, then one for each tenant, bound to it. */
    readonly keys: readonly Requests[],
    /** Their ids. */
    readonly keyIds: { whole: string; bound: readonly string[] },
  ) {}

  learn(tenant: number, id: string): void {
    const owner = { account: this.account, tenant };
    this.world.heldBy(owner).add(id);
    this.world.owners.set(id, owner);
  }

  forget(tenant: number, id: string): void {
    this.world.heldBy({ account: this.account, tenant }).delete(id);
  }

  /** An event of a tenant is there, up to this cursor. */
  saw(tenant: number, cursor: string | undefined): void {
    if (cursor === undefined) return;
    this.#cursors[tenant] = BigInt(cursor);
    this.#cursors[this.world.tenants] = BigInt(cursor);
  }

  /** A tenant's events are gone, or of nobody any more. */
  lose(tenant: number): void {
    this.#cursors[tenant] = undefined;
  }

  newest = (tenant = this.world.tenants): bigint | undefined => this.#cursors[tenant];

  held = (tenant: number): string[] => [...this.world.heldBy({ account: this.account, tenant })];
  own = (tenant: number): string => this.random.oneOf(this.held(tenant)) ?? randomUUID();
  word = (): string => this.random.oneOf(WORDS) ?? '';
  anyMark = (): string =>
    markOf({ account: this.random.below(this.world.held.length), tenant: this.random.below(this.world.tenants) });
  text = (tenant: number): string =>
    `The ${this.word()} of ${markOf({ account: this.account, tenant })} is number ${this.random.below(1e12)}.`;
  /** The same for all accounts and keys: each has its own of that name. */
  name = (): string => `name-${(this.#names += 1)}`;

  /** What is not this key's: of others or, half the time for a bound one, of another tenant of its account. */
  foreign(by: Requests): { id: string; owner: Owner | undefined } {
    const isNear = by.bound !== undefined && this.random.isIn(0.5);
    const mine = { account: this.account, tenant: by.bound ?? 0 };
    return this.world.foreignTo(mine, isNear, this.random);
  }
}
