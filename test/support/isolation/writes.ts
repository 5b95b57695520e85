import { isRefused, named, tenantIn } from './verb-parts.js';
import type { Member } from './member.js';
import type { Reply, Requests } from './requests.js';
import type { Verb } from './verbs.js';

/** Stores a fact; `more` may say which it replaces, or under which name it is stored once. */
async function add(
  member: Member,
  by: Requests,
  tenant: number,
  more: { supersedes?: string; auto_supersede?: boolean; name?: string } = {},
): Promise<void> {
  const { name, ...how } = more;
  const body = { content: member.text(tenant), ...tenantIn(member, by, tenant), ...how };
  const asked = { tenant, body, ...(name !== undefined && { headers: { 'idempotency-key': name } }) };
  const { status, body: reply } = await by.rest('POST', '/agent/memories', asked);
  // What is not current any more can not be replaced.
  if (status !== 200 && how.supersedes !== undefined) return;
  by.same('a write', status, 200);
  member.learn(tenant, reply.memory_id ?? '');
  member.saw(tenant, reply.cursor);
  member.written += 1;
  if (name === undefined) return;
  const again = await by.rest('POST', '/agent/memories', asked);
  by.same('the same write again', [again.status, again.body.memory_id], [200, reply.memory_id]);
}

async function change(
  by: Requests,
  name: string,
  input: { memoryId: string; reason?: string },
  isForeign = false,
  shown = 'memory { id text } cursor',
): Promise<Reply> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { ${name}(input: $input) { ${shown} } }`;
  const reply = await by.graphql(document, { input }, { echoes: input.memoryId });
  if (isForeign) by.same(`${name} of what is others`, isRefused(reply.code), true);
  return reply;
}

/** Takes all of a tenant, by deletion or by erasure. */
export async function empty(member: Member, by: Requests, tenant: number): Promise<void> {
  const held = member.held(tenant);
  if (member.random.isIn(0.2)) {
    const document = `mutation ($input: EraseSubjectInput!) { eraseSubject(input: $input) {
      counts { memories } certificate { id subjectHash } cursor } }`;
    const { body } = await by.graphql(document, { input: { tenantId: `T${tenant}` } }, { tenant });
    by.same('what an erasure took', body.data?.eraseSubject?.counts.memories, held.length);
    member.saw(tenant, body.data?.eraseSubject?.cursor);
    member.lose(tenant);
  } else {
    const { body } = await by.rest('DELETE', `/agent/memories?${named(member, by, tenant)}`, { tenant });
    by.same('what a deletion took', body.deleted_count, held.length);
    member.saw(tenant, body.cursor);
  }
  for (const id of held) member.forget(tenant, id);
}

/** What changes memories of one's own, and tries the same on others'. */
export const WRITES = {
  add: (member, by, tenant) => add(member, by, tenant),
  addOnce: (member, by, tenant) => add(member, by, tenant, { name: member.name() }),
  judge: (member, by, tenant) => add(member, by, tenant, { auto_supersede: true }),
  replace: (member, by, tenant) => add(member, by, tenant, { supersedes: member.own(tenant) }),
  replaceOthers: async (member, by, tenant) => {
    const { id } = member.foreign(by);
    const body = { content: member.text(tenant), ...tenantIn(member, by, tenant), supersedes: id };
    const { status } = await by.rest('POST', '/agent/memories', { echoes: id, body });
    by.same('replacing what is others', isRefused(status), true);
  },
  supersede: async (member, by, tenant) => {
    const { id } = member.foreign(by);
    const of = { echoes: id, body: { superseded_by: member.own(tenant) } };
    const others = await by.rest('POST', `/memories/${id}/supersede`, of);
    const own = await by.rest('POST', `/memories/${member.own(tenant)}/supersede`, {
      echoes: id,
      body: { superseded_by: id },
    });
    by.same(
      'superseding what is others, or by it',
      [others, own].map(({ status }) => isRefused(status)),
      [true, true],
    );
    const [old, next] = [member.own(tenant), member.own(tenant)];
    const done = await by.rest('POST', `/memories/${old}/supersede`, { tenant, body: { superseded_by: next } });
    // Closed already, or by itself.
    by.same('superseding what is own', [200, 409, 422].includes(done.status), true);
    member.saw(tenant, done.status === 200 ? done.body.cursor : undefined);
  },
  retract: async (member, by, tenant) => {
    const own = await change(by, 'retractMemory', { memoryId: member.own(tenant), reason: 'wrong' });
    member.saw(tenant, own.body.data?.retractMemory?.cursor);
    await change(by, 'retractMemory', { memoryId: member.foreign(by).id, reason: 'wrong' }, true);
  },
  revert: async (member, by, tenant) => {
    const { body } = await change(by, 'revertSupersession', { memoryId: member.own(tenant) });
    const reverted = body.data?.revertSupersession;
    if (reverted) {
      member.learn(tenant, reverted.memory.id);
      member.saw(tenant, reverted.cursor);
      member.written += 1;
    }
    await change(by, 'revertSupersession', { memoryId: member.foreign(by).id }, true);
  },
  deleteOne: async (member, by, tenant) => {
    const memoryId = member.own(tenant);
    const { body } = await change(by, 'deleteMemories', { memoryId }, false, 'deletedCount cursor');
    by.same('a deletion', body.data?.deleteMemories?.deletedCount, 1);
    member.saw(tenant, body.data?.deleteMemories?.cursor);
    member.forget(tenant, memoryId);
    await change(by, 'deleteMemories', { memoryId: member.foreign(by).id }, true, 'deletedCount');
  },
  settings: async (member, by) => {
    const body = { freshness_half_life_days: 10 + member.account * 10 + (by.bound ?? 9) };
    await by.rest('PATCH', '/agent/settings', { body });
    for (const one of member.keys) one.settings = one === by ? body.freshness_half_life_days : one.settings;
    const other = member.random.oneOf(member.keys) ?? by;
    const { body: settings } = await other.rest('GET', '/agent/settings');
    if (other.settings !== undefined) other.same('settings', settings.freshness_half_life_days, other.settings);
  },
  import: async (member, by, tenant) => {
    const rows = [0, 1, 2].map(() => JSON.stringify({ content: member.text(tenant), ...tenantIn(member, by, tenant) }));
    const { text } = await by.rest('POST', '/agent/memories/import', { tenant, body: rows.join('\n') });
    const ids = [...text.matchAll(/"memory_id":"([^"]+)"/g)].map(([, id = '']) => id);
    by.same('rows of an import', ids.length, rows.length);
    for (const id of ids) member.learn(tenant, id);
    member.written += rows.length;
  },
} satisfies Record<string, Verb>;
