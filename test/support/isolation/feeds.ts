import { named } from './verb-parts.js';
import type { Member } from './member.js';
import type { Verb } from './verbs.js';

/** A cursor a few events before the newest one; now and then the beginning, where the table is read. */
function before(member: Member, newest: bigint): bigint {
  if (member.random.isIn(0.1)) return 0n;
  const after = newest - BigInt(1 + member.random.below(8));
  return after > 0n ? after : 0n;
}

/** Feeds up to an event that is known to be there; from the beginning, the first events. */
export const FEEDS = {
  events: async (member, by, tenant) => {
    const newest = member.newest(tenant);
    if (newest === undefined) return;
    const after = before(member, newest);
    const until = after === 0n ? /data: .*\n[^]*data: / : new RegExp(`^id: ?${newest}$`, 'm');
    await by.feed('GET', `/agent/events?after=${after}&${named(member, by, tenant)}`, until, { tenant });
  },
  feed: async (member, by, tenant) => {
    const newest = by.bound === undefined ? member.newest() : member.newest(tenant);
    if (newest === undefined) return;
    const after = before(member, newest);
    const query = `subscription { memoryEvents(after: "${after}") { __typename ... on FeedOpened { cursor } ... on MemoryEvent { cursor memory { id text } before { id text } } } }`;
    const until = after === 0n ? /"MemoryEvent"/ : new RegExp(`"MemoryEvent","cursor":"${newest}"`);
    await by.feed('POST', '/graphql', until, { body: { query } });
  },
} satisfies Record<string, Verb>;
