import { z } from 'zod';
import { AppError } from '../errors.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { actorOf, assertHolds, findActiveKey, findKey, grantedUntil } from './key-grants.js';
import {
  alterKey,
  assertAhead,
  assertMayBeBound,
  endKey,
  keyFields,
  renewKey,
  type ApiKey,
  type MadeKey,
} from './make-key.js';
import { optional, parseInput, text, uuid } from './parse-input.js';

const keyInput = z.object({ apiKeyId: uuid });
const updateInput = keyInput.extend({
  name: optional(text(128)),
  scopes: keyFields.scopes,
  expiresAt: keyFields.expiresAt,
  isPermanent: optional(z.boolean()),
});

export type UpdateKeyInput = z.input<typeof updateInput>;

/**
 * Changes a key's name, scopes or end; what it has open ends if it may do less now. The caller must hold all that the key may do,
 * before and after. @throws AppError INVALID_INPUT, FORBIDDEN, NOT_FOUND; CONFLICT for a revoked key
 */
export async function updateKey(deps: Deps, caller: Caller, input: Unchecked<UpdateKeyInput>): Promise<ApiKey> {
  authorize(caller, 'keys');
  const { apiKeyId, name, scopes, expiresAt, isPermanent = false } = parseInput(updateInput, input);
  if (isPermanent && expiresAt)
    throw new AppError('INVALID_INPUT', 'isPermanent: does not go with expiresAt', { field: 'isPermanent' });
  const key = await findActiveKey(deps, caller, apiKeyId);
  assertHolds(caller, [...key.scopes, ...(scopes ?? [])]);
  assertMayBeBound(scopes ?? [], key.boundTenant);
  assertAhead(expiresAt, deps.now());
  const isEndGiven = isPermanent || expiresAt !== undefined;
  const changes = {
    ...(name !== undefined && { name }),
    ...(scopes && { scopes: [...scopes] }),
    ...(isEndGiven && { expiresAt: await grantedUntil(deps, caller, expiresAt ?? null) }),
  };
  if (Object.keys(changes).length === 0) throw new AppError('INVALID_INPUT', 'Give at least one thing to change.');
  return alterKey(deps, key, changes, actorOf(caller));
}

/** For how long the old secret is accepted too; 24 hours if left out, 168 at most. */
type RotateKeyInput = z.input<typeof keyInput> & { overlapHours?: number };

/**
 * Gives a key a new secret; all else of it stays. Whoever gets it has the key's rights: the caller must hold them.
 * @throws AppError INVALID_INPUT, FORBIDDEN, NOT_FOUND; CONFLICT for a key that was revoked or has expired
 */
export async function rotateKey(deps: Deps, caller: Caller, input: Unchecked<RotateKeyInput>): Promise<MadeKey> {
  authorize(caller, 'keys');
  const { apiKeyId } = parseInput(keyInput, input);
  const key = await findActiveKey(deps, caller, apiKeyId);
  assertHolds(caller, key.scopes);
  return renewKey(deps, key, input.overlapHours, actorOf(caller));
}

/** Ends a key and all that it has open. One that is revoked already stays so. @throws AppError INVALID_INPUT, NOT_FOUND */
export async function revokeKey(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof keyInput>>,
): Promise<ApiKey> {
  authorize(caller, 'keys');
  const { apiKeyId } = parseInput(keyInput, input);
  const key = await findKey(deps, caller, apiKeyId);
  return key.revokedAt ? key : endKey(deps, key, actorOf(caller));
}
