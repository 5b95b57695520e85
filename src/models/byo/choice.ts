import type { ByoConfig } from '../../config.js';
import { AppError } from '../../errors.js';
import type { LlmChoice } from '../llm.js';
import { assertAllowedBaseUrl } from '../outbound/base-url.js';

/** Microsoft's last version by date, which its newest models want; the API after it is the one below /openai/v1. */
const AZURE_API_VERSION = '2025-04-01-preview';

const BASE_URLS: Record<LlmChoice['provider'], string | null> = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com/v1',
  // Every resource has a host of its own.
  azure: null,
  gemini: 'https://generativelanguage.googleapis.com/v1beta/openai',
  xai: 'https://api.x.ai/v1',
};

/** Where a chosen model is called, its choice checked. */
export interface Endpoint {
  baseUrl: string;
  /** Set for Azure's API by deployments. */
  azure?: { apiVersion: string; deployment: string };
}

function invalid(field: string, message: string): AppError {
  return new AppError('INVALID_INPUT', message, { field });
}

/** What the SDK would refuse late, with the key in its message. */
function checkTexts({ apiKey, model, apiVersion }: LlmChoice): void {
  if (!/^[\x21-\x7e]{1,1000}$/.test(apiKey))
    throw invalid('llm.apiKey', 'llm.apiKey: holds characters that no key has.');
  if (!/^[^\p{C}]{1,200}$/u.test(model)) throw invalid('llm.model', 'llm.model: must be 1 to 200 characters.');
  if (apiVersion !== undefined && !/^[\w.-]{1,40}$/.test(apiVersion))
    throw invalid('llm.apiVersion', 'llm.apiVersion: must look like 2025-04-01-preview.');
}

/** Throws INVALID_INPUT for a choice that can not be called: a base URL that is missing or not allowed, a malformed key or id. */
export function checkChoice(choice: LlmChoice, settings: Pick<ByoConfig, 'hosts'>): Endpoint {
  checkTexts(choice);
  const { provider, model, apiVersion = AZURE_API_VERSION } = choice;
  const chosen = choice.baseUrl ?? BASE_URLS[provider];
  if (chosen === null) throw invalid('llm.baseUrl', "llm.baseUrl: must be the Azure resource's endpoint.");
  const baseUrl = assertAllowedBaseUrl(chosen, settings).href.replace(/(?<!\/)\/+$/, '');
  if (provider !== 'azure' || baseUrl.endsWith('/openai/v1')) return { baseUrl };
  return { baseUrl: `${baseUrl.replace(/\/openai$/, '')}/openai`, azure: { apiVersion, deployment: model } };
}
