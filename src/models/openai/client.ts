import OpenAI, { AzureOpenAI, type ClientOptions } from 'openai';
import type { Fetch } from '../calls/fetch.js';
import { tidied } from './tidy-fetch.js';

export interface OpenAiConnection {
  baseUrl: string;
  /** None: the server asks for none. */
  apiKey: string | undefined;
  timeoutMs: number;
  maxRetries: number;
  /** A server that says to wait for longer is not asked again. */
  longestPauseMs: number;
  fetch?: Fetch;
  /** Set for Azure's API by deployments. */
  azure?: { apiVersion: string; deployment: string };
}

/** All that the SDK would read from the environment is set here: an operator's keys and names are not for every server. */
const toOptions = ({ baseUrl, apiKey, timeoutMs, maxRetries, longestPauseMs, fetch }: OpenAiConnection) =>
  ({
    baseURL: baseUrl,
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    timeout: timeoutMs,
    maxRetries,
    // A stray OPENAI_LOG=debug would carry memories into logs.
    logLevel: 'off',
    fetch: tidied(fetch ?? globalThis.fetch, longestPauseMs),
  }) satisfies ClientOptions;

/** The one header that carries a key, and none of those that OPENAI_CUSTOM_HEADERS may hold: default headers come after them. */
const keyHeaders = (name: 'authorization' | 'api-key', value: string | null): Record<string, string | null> => ({
  authorization: null,
  'api-key': null,
  'x-api-key': null,
  [name]: value,
});

/** A client of the chat completions API at `baseUrl`. */
export function createClient(connection: OpenAiConnection): OpenAI {
  const { apiKey, azure } = connection;
  const options = toOptions(connection);
  if (azure)
    return new AzureOpenAI({
      ...options,
      apiVersion: azure.apiVersion,
      deployment: encodeURIComponent(azure.deployment),
      defaultHeaders: keyHeaders('api-key', apiKey ?? null),
    });
  const authorization = apiKey === undefined ? null : `Bearer ${apiKey}`;
  return new OpenAI({ ...options, defaultHeaders: keyHeaders('authorization', authorization) });
}
