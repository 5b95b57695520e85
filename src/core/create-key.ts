import { z } from 'zod';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { actorOf, assertHolds, grantedTenant, grantedUntil } from './key-grants.js';
import { keyFields, makeKey, scopesInput, type MadeKey } from './make-key.js';
import { optional, parseInput } from './parse-input.js';

export type { MadeKey } from './make-key.js';

const createInput = z.object({
  name: keyFields.name,
  scopes: scopesInput,
  tenantId: keyFields.boundTenant,
  expiresAt: keyFields.expiresAt,
  autoSupersedeDefault: optional(z.boolean()),
});

/**
 * Makes a key of the caller's account, with no more rights than the caller's: no scope that it lacks, no other tenant where it is
 * bound to one, no later end. @throws AppError INVALID_INPUT, FORBIDDEN
 */
export async function createKey(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof createInput>>,
): Promise<MadeKey> {
  authorize(caller, 'keys');
  const { tenantId, expiresAt, autoSupersedeDefault = false, ...checked } = parseInput(createInput, input);
  assertHolds(caller, checked.scopes);
  const terms = {
    ...checked,
    accountId: caller.accountId,
    boundTenant: grantedTenant(caller, tenantId),
    expiresAt: await grantedUntil(deps, caller, expiresAt),
    autoSupersedeDefault,
  };
  return makeKey(deps, terms, actorOf(caller));
}
