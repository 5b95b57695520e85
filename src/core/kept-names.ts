import type { Scope } from '../store/listing.js';

/** Names what is kept in memory of a tenant, apart by whatever else is told of it. */
export const keptName = ({ accountId, tenantId }: Scope, ...more: unknown[]): string =>
  JSON.stringify([accountId, tenantId, ...more]);

/** The names of an account's tenants among those that are kept; all names without one. */
export function keptNamesOf(kept: { keys(): Iterable<string> }, accountId?: string): string[] {
  const names = [...kept.keys()];
  if (accountId === undefined) return names;
  const beginning = JSON.stringify([accountId]).slice(0, -1);
  return names.filter((name) => name.startsWith(beginning));
}
