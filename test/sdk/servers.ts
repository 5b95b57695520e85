import pino from 'pino';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { snapshot } from '../support/global-setup.js';
import {
  errorReply,
  jsonReply,
  startOpenAiServer,
  type OpenAiServer,
  type RecordedRequest,
} from '../support/openai-server.js';

export interface SdkServers {
  /** What a run of a SDK needs to know, as JSON: addresses, new keys, models of its own. */
  settings(): Promise<string>;
  close(): Promise<void>;
}

const STARTER_WRITES = 1;
const STARTER_RATE = 20;

/** A provider whose models are called after what they do. */
function answerByModel({ body }: RecordedRequest) {
  if (body.model === 'good') {
    const quote = 'I have a cat called Mog';
    return jsonReply({
      facts: [
        { message_index: 0, quote, text: 'User has a cat called Mog', topic: 'Pets', importance: 5, valid_from: null },
      ],
    });
  }
  if (body.model === 'answering') return jsonReply({ answer: 'A cat called Mog [mem-1].', is_answered: true });
  const status = Number(body.model);
  return errorReply(status === 422 ? 404 : status, 'the provider says no', {
    code: status === 422 ? 'model_not_found' : null,
  });
}

/** Two servers: one that works, and one whose own model is down. */
export async function startServers(): Promise<SdkServers> {
  const provider = await startOpenAiServer();
  provider.script(answerByModel);
  const [app, broken] = await Promise.all([
    start({
      PALIMPSEST_LLM_HOSTS: new URL(provider.baseUrl).host,
      PALIMPSEST_STARTER_WRITES: String(STARTER_WRITES),
      PALIMPSEST_STARTER_RATE: String(STARTER_RATE),
    }),
    start({ LLM_BASE_URL: provider.baseUrl, LLM_MODEL: '500' }),
  ]);
  const [url, brokenUrl] = await Promise.all([app.listen(), broken.listen()]);
  return {
    settings: async () =>
      JSON.stringify({ url, brokenUrl, rate: STARTER_RATE, llm: models(provider), keys: await keys(app, broken) }),
    close: async () => {
      await Promise.all([app.close(), broken.close()]);
      await provider.close();
    },
  };
}

async function start(env: Record<string, string>): Promise<App> {
  const config = readConfig({ PORT: '0', PALIMPSEST_DATA_DIR: 'memory://', ...env });
  return createApp(config, pino({ level: 'silent' }), { snapshot: await snapshot(), otherwise: 'SYSTEM' });
}

const models = ({ baseUrl }: OpenAiServer) =>
  Object.fromEntries(
    ['good', 'answering', '401', '422', '429', '502'].map((model) => [
      model,
      { provider: 'openai', model, api_key: 'sk-of-the-caller', base_url: baseUrl },
    ]),
  );

/** Keys of accounts of their own, so that each run finds what the first one found. */
async function keys(app: App, broken: App): Promise<Record<string, string>> {
  return {
    main: await newKey(app),
    stranger: await newKey(app),
    langchain: await newKey(app),
    poor: await newKey(app, 'starter'),
    hurried: await newKey(app, 'starter'),
    broken: await newKey(broken),
    unknown: `aurra_${'0'.repeat(12)}_${'0'.repeat(38)}`,
  };
}

async function newKey({ deps }: App, plan = 'pro'): Promise<string> {
  const { id: accountId } = await createAccount(deps, { name: 'sdk', plan });
  return (await createApiKey(deps, { name: 'sdk', accountId })).key;
}
