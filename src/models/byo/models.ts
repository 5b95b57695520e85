import { createHash } from 'node:crypto';
import type { ByoConfig } from '../../config.js';
import type { CreateByoLlm } from '../byo.js';
import { createAsk, type Wire } from '../calls/ask.js';
import { createCallingLlm } from '../calls/calling-llm.js';
import type { Fetch } from '../calls/fetch.js';
import { fairly } from '../calls/schedule.js';
import type { LlmChoice } from '../llm.js';
import { Dialects } from '../openai/dialect.js';
import type { Resolve } from '../outbound/connector.js';
import { createGuardedFetch } from '../outbound/guarded-fetch.js';
import { explainCallersKey } from './callers-key.js';
import { checkChoice, type Endpoint } from './choice.js';

/** The caller waits, and can come again. */
const MAX_RETRIES = 1;
const LONGEST_PAUSE_MS = 5_000;
const CALLS_PER_OWNER = 8;
const CALLS_IN_ALL = 64;
const CHUNK_CHARACTERS = 40_000;

const ownerOf = ({ apiKey }: LlmChoice): string => createHash('sha256').update(apiKey).digest('base64');

interface Shared {
  fetch: Fetch;
  dialects: Dialects;
  timeoutMs: number;
}

/** An SDK is loaded only where it is used. */
async function openWire(
  { provider, apiKey }: LlmChoice,
  endpoint: Endpoint,
  { fetch, dialects, timeoutMs }: Shared,
): Promise<Wire> {
  const connection = { ...endpoint, apiKey, timeoutMs, maxRetries: MAX_RETRIES, fetch };
  if (provider === 'anthropic') {
    const { createAnthropicWire } = await import('../anthropic/wire.js');
    return createAnthropicWire(connection);
  }
  const [{ createClient }, { createOpenAiWire }] = await Promise.all([
    import('../openai/client.js'),
    import('../openai/wire.js'),
  ]);
  return createOpenAiWire(createClient({ ...connection, longestPauseMs: LONGEST_PAUSE_MS }), dialects);
}

/** What `createByoLlms` puts off: the guard, and what all callers' models share. */
export function openByoLlms(settings: ByoConfig, resolve: Resolve | undefined): CreateByoLlm {
  const { timeoutMs } = settings;
  const shared: Shared = { fetch: createGuardedFetch({ ...settings, resolve }), dialects: new Dialects(), timeoutMs };
  const scheduleFor = fairly(CALLS_PER_OWNER, CALLS_IN_ALL);

  return async (choice, owner = ownerOf(choice)) => {
    const endpoint = checkChoice(choice, settings);
    const { provider, model } = choice;
    const ask = createAsk({
      wire: await openWire(choice, endpoint, shared),
      schedule: scheduleFor(owner),
      // Its retry included: where the server's own model may take its time, somebody waits here.
      deadlineMs: timeoutMs,
      patienceMs: 2 * timeoutMs,
      silenceMs: timeoutMs,
      explain: explainCallersKey(choice),
    });
    return createCallingLlm({
      provider,
      ask,
      roles: { extraction: model, answer: model, classifier: () => model },
      chunkCharacters: CHUNK_CHARACTERS,
    });
  };
}
