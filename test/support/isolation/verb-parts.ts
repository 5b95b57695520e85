import type { Member } from './member.js';
import type { Requests } from './requests.js';

/** Others' memories are refused; where their account has deleted them meanwhile, as none. */
export const isRefused = (told: unknown): boolean =>
  [403, 404, 'FORBIDDEN', 'NOT_FOUND'].includes(told as string | number);

/** The tenant in a path; a bound key may as well leave it to the server. */
export const named = (member: Member, by: Requests, tenant: number): string =>
  by.bound !== undefined && member.random.isIn(0.5) ? '' : `tenant_id=T${tenant}`;

/** The same in a body. */
export const tenantIn = (member: Member, by: Requests, tenant: number): { tenant_id?: string } =>
  named(member, by, tenant) === '' ? {} : { tenant_id: `T${tenant}` };

/** Looks at what is own, and at what is others' in the same way. */
export async function oneOf(member: Member, by: Requests, tenant: number, suffix: string): Promise<void> {
  const own = await by.rest('GET', `/memories/${member.own(tenant)}${suffix}`, { tenant });
  const { id, owner } = member.foreign(by);
  const others = await by.rest('GET', `/memories/${id}${suffix}`, { echoes: id });
  // That another tenant of its account has it is nothing that a bound key may learn.
  const isHidden = owner?.account === member.account ? others.status === 404 : isRefused(others.status);
  by.same(`a look at what is own, and at others' ${suffix}`, [own.status, isHidden], [200, true]);
}
