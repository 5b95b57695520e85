import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createAccount, createApiKey, revokeApiKey } from '../../../src/core/accounts.js';
import { runOperatorCommand } from '../../../src/operator.js';
import { idPlaces, idRoutes } from '../../support/places-of-ids.js';
import type { Client } from '../../support/start-app.js';
import { each, openSocket, operate, outcomeOf, send, type Attack, type Sent } from '../../support/target.js';
import type { Attacked } from '../../support/under-attack.js';

const TENANT = 'their-tenant';
// A word that no random id can hold by chance, as four digits are in one id of two thousand.
const PASSWORD = 'Sesamkringel';
const SECRET = `The vault opens with ${PASSWORD}.`;
const TOLD = new RegExp(`${PASSWORD}|Globex`);

const FEED_DOCUMENT = 'subscription { supersessions { ... on MemoryEvent { cursor } } }';
const HOOK = `mutation { createWebhook(input: { url: "https://hooks.example.com/", document: "${FEED_DOCUMENT}" }) { webhook { id } } }`;
const LIST = `{ memories(first: 100, state: ANY, filter: { tenantId: "${TENANT}" }) { nodes { id text state } pageInfo { endCursor } }
  supersessionProposals { edges { node { id state } } } webhooks { id state url } settings { minConfidence } }`;

/** Somebody with something of each kind. */
async function victimOf(attacked: Attacked) {
  const victim = await attacked.app.newClient({ autoSupersede: true });
  await victim.rest('PATCH', '/agent/settings', { min_confidence: 1 });
  const ofTenant = { tenant_id: TENANT };
  const stored = await victim.rest<{ memory_id: string }>('POST', '/agent/memories', { content: SECRET, ...ofTenant });
  await victim.rest('POST', '/agent/memories', { content: 'Alice works at Acme.', ...ofTenant });
  await victim.rest('POST', '/agent/memories', { content: 'Alice works at Globex.', ...ofTenant });
  const { data } = await victim.graphql<{ createWebhook: { webhook: { id: string } } }>(HOOK);
  const rows = await send(
    { ...attacked, key: victim.key },
    { path: '/agent/memories/import', body: '{"content":"A row."}' },
  );
  const inbox = await victim.rest<{ proposals: { proposal_id: string }[] }>(
    'GET',
    `/agent/proposals?tenant_id=${TENANT}`,
  );
  const [proposal] = inbox.body.proposals;
  const ids = {
    memory: stored.body.memory_id,
    proposal: proposal?.proposal_id ?? '',
    webhook: data.createWebhook.webhook.id,
    import: /"import_id":"([\w-]+)"/.exec(rows.text)?.[1] ?? '',
  };
  if (Object.values(ids).some((id) => !id)) throw new Error(`the victim lacks something: ${JSON.stringify(ids)}`);
  return { victim, ids: Object.entries(ids) };
}

const stateOf = async (victim: Client): Promise<string> => JSON.stringify(await victim.graphql(LIST));

/** How a foreign id was answered, beside how an unknown one was: the contract tells a foreign memory from none, by 403. */
function compared(kind: string, foreign: string, unknown: string, at: string): string {
  if (foreign === unknown) return 'as unknown';
  if (
    kind === 'memory' &&
    foreign === unknown.replace('404 NOT_FOUND', '403 FORBIDDEN').replace(/^NOT_FOUND$/, 'FORBIDDEN')
  )
    return 'FORBIDDEN (a memory)';
  return `${at}: ${foreign}, ${unknown} for an unknown one`;
}

/** Runs `look` with each id of somebody else, and looks whether it changed or told anything. */
async function withForeignIds(
  attacked: Attacked,
  look: (id: string, own: string) => Promise<[at: string, outcome: string][]>,
): Promise<string> {
  const { victim, ids } = await victimOf(attacked);
  const own = (
    await attacked.attacker.rest<{ memory_id: string }>('POST', '/agent/memories', {
      content: `Own fact ${randomUUID()}`,
    })
  ).body.memory_id;
  const before = await stateOf(victim);
  const outcomes = new Set<string>();
  const unknown = await look(randomUUID(), own);
  for (const [kind, id] of ids) {
    (await look(id, own)).forEach(([at, outcome], n) =>
      outcomes.add(compared(kind, outcome, unknown[n]?.[1] ?? '', at)),
    );
  }
  if ((await stateOf(victim)) !== before) outcomes.add('changed');
  return [...outcomes].sort().join(', ');
}

export const ACCESS: Attack<Attacked>[] = [
  {
    name: 'ids of another account in every argument of GraphQL that takes one',
    expected: 'FORBIDDEN (a memory), as unknown',
    run: async (attacked) => {
      const socket = await openSocket(attacked);
      const outcome = await withForeignIds(attacked, async (id, own) => {
        const outcomes: [string, string][] = [];
        for (const { name, query, variables } of idPlaces()) {
          outcomes.push([name, await operate(socket, query, variables(id, own), randomUUID())]);
        }
        return outcomes;
      });
      socket.ws.close();
      return JSON.stringify(socket.messages).includes(PASSWORD) ? 'told' : outcome;
    },
  },
  {
    name: 'ids of another account in every path of REST that takes one, and in bodies',
    expected: 'FORBIDDEN (a memory), as unknown',
    run: (attacked) =>
      withForeignIds(attacked, async (id, own) => {
        const inBodies: Sent[] = [
          { path: '/agent/memories', body: { content: 'mine', supersedes: id } },
          { path: `/memories/${own}/supersede`, body: { superseded_by: id } },
          { path: `/agent/memories/import?import_id=${id}`, body: '{"content":"x"}' },
        ];
        const inPaths = idRoutes().map(({ method, path }): Sent => ({
          method,
          path: path(id),
          ...(method === 'POST' && { body: {} }),
        }));
        const outcomes: [string, string][] = [];
        for (const sent of [...inPaths, ...inBodies]) {
          const reply = await send(attacked, sent);
          outcomes.push([
            `${sent.method ?? ''} ${sent.path ?? ''}`,
            reply.text.includes(PASSWORD) ? 'told' : outcomeOf(reply),
          ]);
        }
        return outcomes;
      }),
  },
  {
    name: "another account's tenant: listed, searched, asked, deleted",
    expected: '200 without a word of it',
    run: async (attacked) => {
      const { victim } = await victimOf(attacked);
      const before = await stateOf(victim);
      const outcome = await each<Sent>(
        [
          { path: `/agent/memories?tenant_id=${TENANT}&include_superseded=true` },
          { path: '/agent/query', body: { question: 'What opens the vault?', tenant_id: TENANT } },
          { path: `/agent/changes?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&tenant_id=${TENANT}` },
          {
            path: '/graphql',
            body: {
              query: `{ search(query: "vault", filter: { tenantId: "${TENANT}" }) { nodes { memory { text } } } }`,
            },
          },
          { method: 'DELETE', path: `/agent/memories?tenant_id=${TENANT}` },
        ],
        async (sent) => {
          const { status, text } = await send(attacked, sent);
          return `${status}${TOLD.test(text) ? ` ${text}` : ' without a word of it'}`;
        },
      );
      return (await stateOf(victim)) === before ? outcome : 'changed';
    },
  },
  {
    name: "a subscription to another account's tenant, by filter and by cursor",
    expected: 'nothing came',
    run: async (attacked) => {
      const { victim } = await victimOf(attacked);
      const socket = await openSocket(attacked);
      const kinds = '{ __typename ... on MemoryEvent { memory { text } } }';
      await operate(socket, `subscription { memoryEvents(filter: { tenantId: "${TENANT}" }) ${kinds} }`, {}, 'a');
      await operate(
        socket,
        `subscription { memoryEvents(after: "0", filter: { tenantId: "${TENANT}" }) ${kinds} }`,
        {},
        'b',
      );
      await victim.rest('POST', '/agent/memories', { content: 'The vault was moved.', tenant_id: TENANT });
      // What came in order before this is all that came.
      await attacked.attacker.rest('POST', '/agent/memories', { content: 'A fact to wait for.', tenant_id: TENANT });
      await socket.next(({ payload }) => JSON.stringify(payload ?? {}).includes('to wait for'));
      socket.ws.close();
      return /vault|Globex/.test(JSON.stringify(socket.messages)) ? 'told' : 'nothing came';
    },
  },
  {
    name: 'a cursor of another account, and cursors made up',
    expected: '200, 200 INVALID_INPUT',
    run: async (attacked) => {
      const { victim } = await victimOf(attacked);
      const { data } = await victim.graphql<{ memories: { pageInfo: { endCursor: string } } }>(LIST);
      const made = [
        'cDo5OTk5OTk5OTk5OTk5OTk6MQ',
        'm:1',
        '../../etc',
        '%00',
        'eyJhIjoxfQ==',
        'cDoxOjE7RFJPUA',
        '',
        'a'.repeat(10_000),
      ];
      return each([data.memories.pageInfo.endCursor, ...made], async (after) => {
        const query = `query ($after: String) { memories(after: $after, filter: { tenantId: "${TENANT}" }, state: ANY) { nodes { text } } }`;
        const reply = await send(attacked, { path: '/graphql', body: { query, variables: { after } } });
        return TOLD.test(reply.text) ? 'told' : outcomeOf(reply);
      });
    },
  },
  {
    name: "another account's Idempotency-Key, the same key with another body, and unusable ones",
    expected: '200, 422 INVALID_INPUT',
    run: async (attacked) => {
      const { victim } = await victimOf(attacked);
      const key = { 'idempotency-key': 'order-1' };
      const theirs = await victim.rest<{ memory_id: string }>('POST', '/agent/memories', { content: 'Theirs.' }, key);
      const add = (content: string, headers: Record<string, string>) =>
        send(attacked, { path: '/agent/memories', body: { content }, headers });
      const mine = await add('Theirs.', key);
      if (mine.text.includes(theirs.body.memory_id)) return 'told';
      const other = outcomeOf(await add('Another.', key));
      const unusable = await each(['a'.repeat(10_000), ' ', '\u00ff'.repeat(256)], async (value) =>
        outcomeOf(await add('x', { 'idempotency-key': value })),
      );
      return [...new Set([outcomeOf(mine), other, ...unusable.split(', ')])].sort().join(', ');
    },
  },
  {
    name: 'a key that is revoked while its sockets and feeds are open, and used again',
    expected: 'closed 4403, feed ended, 401 UNAUTHENTICATED',
    run: async ({ app, url }) => {
      const client = await app.newClient();
      const target = { url, key: client.key };
      const socket = await openSocket(target);
      await operate(socket, 'subscription { memoryEvents { __typename } }');
      const feed = fetch(`${url}/agent/events`, { headers: { authorization: `Bearer ${client.key}` } }).then(
        (response) => response.text(),
      );
      await pause(50);
      await revokeApiKey(app.deps, client.key.split('_')[1] ?? '');
      const code = await socket.closed;
      const ended = (await feed.catch(() => '')).includes('feed.error') ? 'feed ended' : 'feed cut';
      return `closed ${code}, ${ended}, ${outcomeOf(await send(target, { path: '/plan/status' }))}`;
    },
  },
  {
    name: 'names with line breaks and commands for a terminal, in the lists that an operator is shown',
    expected: 'a row each',
    run: async ({ app }) => {
      const name = 'x\r\nid\tactive\u001b[2J\u202e';
      const account = await createAccount(app.deps, { name });
      await createApiKey(app.deps, { name, accountId: account.id });
      const lists = await Promise.all(['keys', 'accounts'].map((noun) => runOperatorCommand(app.deps, [noun, 'list'])));
      const rows = lists.flatMap((list) => list.split('\n')).filter((row) => row.includes(account.id));
      return rows.length === 2 && !rows.some((row) => /[^\P{Cc}\t]|\p{Cf}/u.test(row))
        ? 'a row each'
        : lists.join('\n');
    },
  },
];
