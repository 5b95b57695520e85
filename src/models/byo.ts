import type { ByoConfig } from '../config.js';
import type { Llm, LlmChoice } from './llm.js';
import type { Resolve } from './outbound/connector.js';

/** Makes an Llm of what a caller chose. `owner`: whose calls they count as, so that nobody takes every place; the key's, if not said. */
export type CreateByoLlm = (choice: LlmChoice, owner?: string) => Promise<Llm>;

/**
 * Models that callers bring along, one Llm a request: nothing of a choice outlives it. All calls go through one guard and share
 * one bound. Loaded with the first choice, as most servers never see one. `resolve` stands in for the system's name resolution in
 * tests. The function made throws INVALID_INPUT for a choice that can not be called.
 */
export function createByoLlms(settings: ByoConfig, resolve?: Resolve): CreateByoLlm {
  let opened: Promise<CreateByoLlm> | undefined;
  return async (choice, owner) => {
    opened ??= import('./byo/models.js').then(({ openByoLlms }) => openByoLlms(settings, resolve));
    return (await opened)(choice, owner);
  };
}
