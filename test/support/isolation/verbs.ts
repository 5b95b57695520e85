import { FEEDS } from './feeds.js';
import type { Member } from './member.js';
import { READS } from './reads.js';
import type { Requests } from './requests.js';
import { trespass } from './trespass.js';
import { empty, WRITES } from './writes.js';

/** One thing that is done with one key, in one tenant: that of the key, if it is bound. */
export type Verb = (member: Member, by: Requests, tenant: number) => Promise<void>;

const VERBS: Record<string, Verb> = { ...READS, ...WRITES, ...FEEDS };
const NAMES = Object.keys(VERBS);
/** Tenants are emptied past this: replies stay short, and a page shows a whole one. */
const MOST_IN_TENANT = 14;
/** Below this there is nothing to look at. */
const LEAST_IN_TENANT = 3;

/** What is done next: verbs alike often, but a tenant that holds too much is emptied, and one that holds too little filled. */
function nextVerb(member: Member, by: Requests, tenant: number): [name: string, verb: Verb] {
  const { length: held } = member.held(tenant);
  if (held < LEAST_IN_TENANT) return ['add', WRITES.add];
  if (held > MOST_IN_TENANT) return ['empty', empty];
  if (by.bound !== undefined && member.random.isIn(0.1)) return ['trespass', trespass];
  const name = member.random.oneOf(NAMES) ?? '';
  return [name, VERBS[name] ?? READS.list];
}

/** One random operation, with the key of the account or one that is bound to the tenant. */
export async function step(member: Member): Promise<void> {
  const { report, tenants } = member.world;
  const tenant = member.random.below(tenants);
  const by = member.keys[member.random.isIn(0.5) ? 0 : 1 + tenant];
  if (!by) throw new Error('an account without keys');
  const [name, verb] = nextVerb(member, by, tenant);
  const counts = (report.byVerb[name] ??= { done: 0, bound: 0 });
  counts.done += 1;
  if (by.bound !== undefined) counts.bound += 1;
  report.operations += 1;
  await verb(member, by, tenant);
}

/** All that an account holds, as it is shown, beside what its model says. */
export async function compareAll(member: Member): Promise<void> {
  for (const by of member.keys) {
    const tenants = by.bound === undefined ? [...Array(member.world.tenants).keys()] : [by.bound];
    for (const tenant of tenants) await READS.list(member, by, tenant);
    await READS.status(member, by);
  }
}
