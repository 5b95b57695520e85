import { setTimeout as pause } from 'node:timers/promises';
import { REFUSED_BY_THE_URL } from '../../support/inside-urls.js';
import { startModelServer } from '../../support/model-server.js';
import { answerNames } from '../../support/name-service.js';
import { each, outcomeOf, send, type Attack, type Sent, type Target } from '../../support/target.js';

/** What stands for all that is inside: a listener on loopback, which nobody may reach. */
export interface Inside extends Target {
  inside: { port: number; connections: number };
}

const FEED = 'subscription { supersessions { ... on MemoryEvent { cursor } } }';
const HOOK = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }';
const ANSWER = 'mutation ($input: QueryInput!) { query(input: $input) { text } }';

const llm = (baseUrl: string): object => ({ provider: 'openai', model: 'm', api_key: 'k', base_url: baseUrl });
const question = 'Where does Alice work?';
/** A question to a caller's own model at this URL. */
const ask = (url: string): Sent => ({ path: '/agent/query', body: { question, llm: llm(url) } });
const askGraphql = (url: string): Sent => ({
  path: '/graphql',
  body: {
    query: ANSWER,
    variables: { input: { question, llm: { provider: 'openai', model: 'm', apiKey: 'k', baseUrl: url } } },
  },
});
const hook = (url: string): Sent => ({
  path: '/graphql',
  body: { query: HOOK, variables: { input: { url, document: FEED } } },
});

/** The outcomes, and whether anything inside was reached. */
async function counted(target: Inside, run: () => Promise<string>): Promise<string> {
  // Without a memory no model would be asked.
  await send(target, { path: '/agent/memories', body: { content: 'Alice works at Acme.' } });
  const before = target.inside.connections;
  const outcome = await run();
  const reached = target.inside.connections - before;
  return reached === 0 ? `${outcome}, nothing reached` : `${outcome}, ${reached} connections inside`;
}

const refused = (
  target: Inside,
  forms: readonly string[],
  makers: readonly ((url: string) => Sent)[],
): Promise<string> =>
  counted(target, async () => {
    const urls = forms.map((form) => form.replaceAll('{port}', String(target.inside.port)));
    const outcomes = await Promise.all(
      urls.flatMap((url) =>
        makers.map(async (make) => {
          const outcome = outcomeOf(await send(target, make(url)));
          return outcome.includes('INVALID_INPUT') ? 'INVALID_INPUT' : `${url}: ${outcome}`;
        }),
      ),
    );
    return [...new Set(outcomes)].join(', ');
  });

const NAMES = {
  'loopback.rebind.example': ['127.0.0.1'],
  'six.rebind.example': ['::1'],
  'mapped.rebind.example': ['::ffff:127.0.0.1'],
  'metadata.rebind.example': ['169.254.169.254'],
  'any.rebind.example': ['0.0.0.0'],
  // Public by its look and silent at first, of a range that nobody was given; inside from then on.
  'turn.rebind.example': ['2d00::1', '127.0.0.1'],
};

/** With names that lead where these say. */
async function named(run: () => Promise<string>): Promise<string> {
  const restore = answerNames(NAMES);
  try {
    return await run();
  } finally {
    restore();
  }
}

/** Moves Alice, which is an event that a webhook is told, and waits until its delivery was tried. */
async function deliver(target: Target): Promise<string> {
  for (const city of ['Berlin', 'Paris']) {
    await send(target, { path: '/agent/memories', body: { content: `Alice lives in ${city}`, auto_supersede: true } });
  }
  const query = '{ webhooks { deliveries { edges { node { state attempts responseStatus error } } } } }';
  for (let tries = 0; tries < 400; tries++) {
    const { text } = await send(target, { path: '/graphql', body: { query } });
    const attempts = [...text.matchAll(/"attempts":(\d+)/g)].map(([, count]) => Number(count));
    if (attempts.length > 0 && attempts.every((count) => count > 0))
      return /"responseStatus":2/.test(text) ? text : 'not delivered';
    await pause(50);
  }
  return 'never tried';
}

export const OUTBOUND: Attack<Inside>[] = [
  {
    name: `${REFUSED_BY_THE_URL.length} forms of URLs that lead inside, for a model at both doors and for webhooks`,
    expected: 'INVALID_INPUT, nothing reached',
    run: async (target) => {
      const outcomes = [
        await refused(target, REFUSED_BY_THE_URL, [ask, hook]),
        await refused(target, REFUSED_BY_THE_URL.slice(0, 10), [askGraphql]),
      ];
      return [...new Set(outcomes)].join('; ');
    },
  },
  {
    name: 'names that lead inside, for a model',
    expected: '502 UPSTREAM_FAILED, nothing reached',
    run: (target) =>
      counted(target, () =>
        named(() =>
          each(Object.keys(NAMES).slice(0, 5), async (name) =>
            outcomeOf(await send(target, ask(`https://${name}:${target.inside.port}/v1`))),
          ),
        ),
      ),
  },
  {
    name: 'a name that leads inside from its second look-up on',
    expected: '502 UPSTREAM_FAILED, nothing reached',
    run: (target) =>
      counted(target, () =>
        named(async () => outcomeOf(await send(target, ask(`https://turn.rebind.example:${target.inside.port}/v1`)))),
      ),
  },
  {
    name: 'a model that redirects inside, by five statuses',
    expected: '502 UPSTREAM_FAILED, nothing reached',
    run: (target) =>
      counted(target, async () => {
        const model = await startModelServer();
        const outcome = await each([301, 302, 303, 307, 308], async (status) => {
          model.script({ status, body: '', headers: { location: `http://127.0.0.1:${target.inside.port}/` } });
          return outcomeOf(await send(target, ask(`http://models.rebind.example:${model.port}/v1`)));
        });
        await model.close();
        return outcome;
      }),
  },
  {
    name: 'a webhook whose name leads inside once it is made',
    expected: 'not delivered, nothing reached',
    run: (target) =>
      counted(target, () =>
        named(async () => {
          await send(target, hook(`https://loopback.rebind.example:${target.inside.port}/`));
          return deliver(target);
        }),
      ),
  },
];
