import type { App } from '../../src/app.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { SCOPES } from '../../src/core/rules/scopes.js';
import { Member } from './isolation/member.js';
import { Random } from './isolation/random.js';
import { Requests } from './isolation/requests.js';
import { compareAll, step } from './isolation/verbs.js';
import { markOf, WHOLE, World, type IsolationReport } from './isolation/world.js';

export type { IsolationReport } from './isolation/world.js';

export interface IsolationOptions {
  operations: number;
  seed: number;
  accounts?: number;
  tenants?: number;
  /** Ends a run that has found this many: a check of the check needs no more. */
  enough?: number;
  /** Called with how many have been done, now and then. */
  onProgress?: (report: IsolationReport) => void;
}

const PROGRESS_EVERY = 5_000;

/** Runs seeded random operations of all accounts side by side, scans every reply, and compares it with a model. */
export async function runIsolation(app: App, options: IsolationOptions): Promise<IsolationReport> {
  const { operations, seed, accounts = 10, tenants = 5, enough = 20, onProgress } = options;
  const world = new World(app, enough, accounts, tenants);
  const members = [];
  for (let account = 0; account < accounts; account++)
    members.push(await join(world, account, new Random(seed * 1_000 + account)));
  const each = Math.ceil(operations / accounts);
  // Each account does one thing after the other, so that its model is exact; the accounts go side by side.
  await Promise.all(
    members.map(async (member) => {
      for (let i = 0; i < each && !world.isEnough; i++) {
        await step(member);
        if (world.report.operations % PROGRESS_EVERY === 0) onProgress?.(world.report);
      }
      if (!world.isEnough) await compareAll(member);
    }),
  );
  return world.report;
}

/** An account with a key for all of it, and one bound to each of its tenants. Tenants of all accounts have the same names. */
async function join(world: World, account: number, random: Random): Promise<Member> {
  const { deps } = world.app;
  const { id: accountId } = await createAccount(deps, { name: markOf({ account, tenant: WHOLE }) });
  world.owners.set(accountId, { account, tenant: WHOLE });
  const scopes = SCOPES.filter((scope) => scope !== 'admin');
  const keys: Requests[] = [];
  const ids: string[] = [];
  for (const bound of [undefined, ...Array(world.tenants).keys()]) {
    const owner = { account, tenant: bound ?? WHOLE };
    const boundTenant = bound === undefined ? {} : { boundTenant: `T${bound}` };
    // In audits the name of a key is shown to whoever may see the memory: it is the account's.
    const terms = { name: markOf({ account, tenant: WHOLE }), accountId, scopes, ...boundTenant };
    const { key, apiKey } = await createApiKey(deps, terms);
    world.owners.set(apiKey.id, owner);
    keys.push(new Requests(world, account, bound, key));
    ids.push(apiKey.id);
  }
  const [whole = '', ...bound] = ids;
  return new Member(world, account, random, keys, { whole, bound });
}
