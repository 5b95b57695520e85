import { z } from 'zod';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { actorOf, assertHolds, assertOutlives, findActiveKey, findKey, grantedUntil } from './key-grants.js';
import { alterKey, changeFields, endKey, renewKey, type ApiKey, type MadeKey } from './make-key.js';
import { parseInput, uuid } from './parse-input.js';

const keyInput = z.object({ apiKeyId: uuid });
const updateInput = keyInput.extend(changeFields);

export type UpdateKeyInput = z.input<typeof updateInput>;

/**
 * Changes a key's name, scopes or end; what it has open ends if it may do less now. The caller must hold all that the key may do,
 * before and after. @throws AppError INVALID_INPUT, FORBIDDEN, NOT_FOUND; CONFLICT for a revoked key
 */
export async function updateKey(deps: Deps, caller: Caller, input: Unchecked<UpdateKeyInput>): Promise<ApiKey> {
  authorize(caller, 'keys');
  const { apiKeyId, ...asked } = parseInput(updateInput, input);
  const key = await findActiveKey(deps, caller, apiKeyId);
  assertHolds(caller, [...key.scopes, ...(asked.scopes ?? [])]);
  return alterKey(deps, key, asked, { by: actorOf(caller), grant: (end) => grantedUntil(deps, caller, end) });
}

/** For how long the old secret is accepted too; 24 hours if left out, 168 at most. */
type RotateKeyInput = z.input<typeof keyInput> & { overlapHours?: number };

/**
 * Gives a key a new secret; all else of it stays. Whoever gets it has the key's rights: the caller must hold them, for as long.
 * @throws AppError INVALID_INPUT, FORBIDDEN, NOT_FOUND; CONFLICT for a key that was revoked or has expired
 */
export async function rotateKey(deps: Deps, caller: Caller, input: Unchecked<RotateKeyInput>): Promise<MadeKey> {
  authorize(caller, 'keys');
  const { apiKeyId } = parseInput(keyInput, input);
  const key = await findActiveKey(deps, caller, apiKeyId);
  assertHolds(caller, key.scopes);
  await assertOutlives(deps, caller, key);
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
