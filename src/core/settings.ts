import { z } from 'zod';
import { AppError } from '../errors.js';
import { readSettings as readStored, updateSettings as updateStored, type Settings } from '../store/accounts.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { optional, parseInput, text } from './parse-input.js';

export type { Settings } from '../store/accounts.js';

const numberBetween = (min: number, max: number) => {
  const error = `must be a number between ${min} and ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};

/** What can be changed of a key's settings. */
export const settingsInput = z.object({
  autoSupersedeDefault: optional(z.boolean()),
  excludedCategories: optional(z.array(text(64)).max(100)),
  minConfidence: optional(numberBetween(0, 1)),
  classifierModel: optional(
    text(128)
      .refine((id) => id.startsWith('claude-'), 'must be an Anthropic model id')
      .meta({ pattern: '^claude-[^\\u0000]*$' }),
  ),
  freshnessHalfLifeDays: optional(numberBetween(1, 3650)),
});

export type SettingsInput = z.input<typeof settingsInput>;

/** What the caller's key decides about its writes and reads: what its replies are shown with, whatever its scopes. */
export const readSettings = ({ db }: Deps, caller: Caller): Promise<Settings> => readStored(db, caller);

/** The same for who asks for them. */
export async function getSettings(deps: Deps, caller: Caller): Promise<Settings> {
  authorize(caller, 'settings');
  return readSettings(deps, caller);
}

/** Changes the fields that are given; a list replaces the list. @throws AppError INVALID_INPUT */
export async function updateSettings(
  { db, keys }: Deps,
  caller: Caller,
  input: Unchecked<SettingsInput>,
): Promise<Settings> {
  authorize(caller, 'settings');
  const given = Object.entries(parseInput(settingsInput, input)).filter(([, value]) => value !== undefined);
  if (given.length === 0) throw new AppError('INVALID_INPUT', 'Give at least one setting to change.');
  const settings = await updateStored(db, caller, Object.fromEntries(given));
  keys.forgetKey(caller.apiKeyId);
  return settings;
}
