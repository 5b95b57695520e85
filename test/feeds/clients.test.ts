import { spawn, spawnSync } from 'node:child_process';
import { ApolloClient, ApolloLink, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client as UrqlClient, fetchExchange, subscriptionExchange, type Exchange } from '@urql/core';
import { EventSource } from 'eventsource';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws';
import {
  Environment,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
  type ConcreteRequest,
  type GraphQLResponse,
} from 'relay-runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startProxy, type Proxy } from '../support/proxy.js';
import { startApp, type TestApp } from '../support/start-app.js';

// Clients that were written elsewhere, each as the documents show it (docs/FEEDS.md).

let app: TestApp;
let proxy: Proxy;

beforeAll(async () => {
  app = await startApp({ heartbeatMs: 200 });
  proxy = await startProxy(await app.listen());
});
afterAll(async () => {
  await proxy.close();
  await app.close();
});

interface Following {
  url: string;
  key: string;
  /** Begin after this cursor. */
  after: string;
  onEvent: (cursor: string) => void;
  /** The client gave up: it is for the application to subscribe again, with its newest cursor. */
  onDrop: () => void;
}

/** Subscribes, and gives what ends it. */
type Follow = (following: Following) => () => void;

const EVENTS = `subscription Events($after: Cursor) {
  memoryEvents(after: $after) { __typename ... on FeedOpened { cursor } ... on MemoryEvent { cursor kind } }
}`;

interface Data {
  memoryEvents: { __typename?: string; cursor: string };
}

/** Told of each message; what opens a feed is no event. */
const telling =
  (onEvent: (cursor: string) => void) =>
  (data: Data | null | undefined): void => {
    if (data?.memoryEvents.__typename === 'MemoryEvent') onEvent(data.memoryEvents.cursor);
  };

const socketClient = ({ url, key }: Following, retryAttempts: number): SocketClient =>
  createSocketClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${key}` },
    retryAttempts,
    retryWait: () => Promise.resolve(),
  });

const graphqlWs: Follow = (following) => {
  const client = socketClient(following, 5);
  const variables = { after: following.after }; // sent again as it is then, whenever the client comes back by itself
  const tell = telling((cursor) => following.onEvent((variables.after = cursor)));
  client.subscribe<Data>(
    { query: EVENTS, variables },
    { next: ({ data }) => tell(data), error: following.onDrop, complete: () => undefined },
  );
  return () => void client.dispose();
};

const graphqlSse: Follow = ({ url, key, after, onEvent, onDrop }) => {
  const client = createSseClient({
    url: `${url}/graphql`,
    headers: { Authorization: `Bearer ${key}` },
    retry: () => Promise.resolve(),
  });
  const variables = { after };
  const tell = telling((cursor) => onEvent((variables.after = cursor)));
  client.subscribe<Data>(
    { query: EVENTS, variables },
    { next: ({ data }) => tell(data), error: onDrop, complete: () => undefined },
  );
  return () => client.dispose();
};

/** urql gives errors as results. */
function followByUrql({ url, key, after, onEvent, onDrop }: Following, exchange: Exchange): () => void {
  const client = new UrqlClient({
    url: `${url}/graphql`,
    exchanges: [exchange],
    fetchSubscriptions: true,
    preferGetMethod: false,
    fetchOptions: { headers: { Authorization: `Bearer ${key}` } },
  });
  const tell = telling(onEvent);
  const subscription = client.subscription<Data>(EVENTS, { after }).subscribe(({ data, error }) => {
    if (!error) return tell(data);
    subscription.unsubscribe();
    onDrop();
  });
  return () => subscription.unsubscribe();
}

const urqlOverSocket: Follow = (following) => {
  const client = socketClient(following, 0);
  const exchange = subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe({ query, variables: { ...variables } }, sink as never) }),
    }),
  });
  const stop = followByUrql(following, exchange);
  return () => {
    stop();
    void client.dispose();
  };
};

const urqlOverSse: Follow = (following) => followByUrql(following, fetchExchange);

const apollo: Follow = (following) => {
  const socket = socketClient(following, 0);
  const client = new ApolloClient({
    cache: new InMemoryCache({ possibleTypes: { MemoryFeedItem: ['FeedOpened', 'MemoryEvent'] } }),
    link: ApolloLink.from([new GraphQLWsLink(socket)]),
  });
  const tell = telling(following.onEvent);
  const subscription = client
    .subscribe<Data>({ query: gql(EVENTS), variables: { after: following.after } })
    .subscribe(({ data, error }) => (error ? following.onDrop() : tell(data)));
  return () => {
    subscription.unsubscribe();
    client.stop();
    void socket.dispose();
  };
};

const scalar = (name: string) => ({ alias: null, args: null, kind: 'ScalarField', name, storageKey: null });
const ofType = (type: string) => ({ kind: 'InlineFragment', selections: [scalar('cursor')], type, abstractKey: null });

/** As relay-compiler writes it for the subscription above. */
function relayRequest(): ConcreteRequest {
  const argumentDefinitions = [{ defaultValue: null, kind: 'LocalArgument', name: 'after' }];
  const selections = [
    {
      alias: null,
      args: [{ kind: 'Variable', name: 'after', variableName: 'after' }],
      concreteType: null,
      kind: 'LinkedField',
      name: 'memoryEvents',
      plural: false,
      selections: [scalar('__typename'), ofType('FeedOpened'), ofType('MemoryEvent')],
      storageKey: null,
    },
  ];
  const fragment = { kind: 'Fragment', metadata: null, name: 'Events', type: 'Subscription', abstractKey: null };
  const params = {
    cacheID: 'events',
    id: null,
    metadata: {},
    name: 'Events',
    operationKind: 'subscription',
    text: EVENTS,
  };
  return {
    fragment: { ...fragment, argumentDefinitions, selections },
    kind: 'Request',
    operation: { argumentDefinitions, kind: 'Operation', name: 'Events', selections },
    params,
  } as unknown as ConcreteRequest;
}

const relay: Follow = (following) => {
  const socket = socketClient(following, 0);
  const network = Network.create(
    () => Promise.reject(new Error('nothing but subscriptions')),
    ({ text }, variables) =>
      Observable.create<GraphQLResponse>((sink) => socket.subscribe({ query: text ?? '', variables }, sink as never)),
  );
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const tell = telling(following.onEvent);
  const { dispose } = requestSubscription<{ response: Data; variables: { after: string } }>(environment, {
    subscription: relayRequest(),
    variables: { after: following.after },
    onNext: tell,
    onError: following.onDrop,
  });
  return () => {
    dispose();
    void socket.dispose();
  };
};

const eventSource: Follow = ({ url, key, after, onEvent }) => {
  const source = new EventSource(`${url}/agent/events?after=${after}`, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${key}` } }),
  });
  source.addEventListener('message', ({ lastEventId }) => onEvent(lastEventId));
  return () => source.close();
};

const curl: Follow = ({ url, key, after, onEvent, onDrop }) => {
  const header = ['-H', `Authorization: Bearer ${key}`, '-H', `Last-Event-ID: ${after}`];
  const child = spawn('curl', ['-sN', ...header, `${url}/agent/events`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const [, id = ''] of blocks.map((block) => /^id: (\d+)\ndata:/.exec(block) ?? [])) if (id) onEvent(id);
  });
  child.once('exit', onDrop);
  return () => {
    child.off('exit', onDrop);
    child.kill();
  };
};

const CLIENTS: [name: string, follow: Follow][] = [
  ['graphql-ws', graphqlWs],
  ['graphql-sse', graphqlSse],
  ['@urql/core over WebSocket', urqlOverSocket],
  ['@urql/core over SSE', urqlOverSse],
  ['@apollo/client', apollo],
  ['relay-runtime', relay],
  ['eventsource', eventSource],
  ...(spawnSync('curl', ['--version']).status === 0 ? ([['curl', curl]] satisfies [string, Follow][]) : []),
];

describe('a feed, through a client and a network that breaks', () => {
  it.concurrent.each(CLIENTS)('%s: gets everything once and in order', async (_name, follow) => {
    const client = await app.newClient();
    const write = async (text: string): Promise<void> => {
      expect((await client.rest('POST', '/agent/memories', { content: text })).status).toBe(200);
    };
    const cursors: string[] = [];
    const started: (() => void)[] = [];
    let isOver = false;
    const begin = (): void => {
      if (isOver) return;
      const onEvent = (cursor: string): void => void cursors.push(cursor);
      const onDrop = (): void => void setTimeout(begin, 20);
      started.push(follow({ url: proxy.url, key: client.key, after: cursors.at(-1) ?? '0', onEvent, onDrop }));
    };
    const received = (count: number): Promise<unknown> =>
      vi.waitUntil(() => cursors.length >= count, { timeout: 20_000, interval: 10 });
    await write('Before anybody followed');
    begin();
    await received(1);
    for (let round = 0; round < 3; round++) {
      await write(`While it followed, ${round}`);
      await received(2 + round * 2);
      proxy.cut();
      await write(`While it was away, ${round}`);
      await received(3 + round * 2);
    }
    isOver = true;
    for (const stop of started) stop();
    expect(cursors).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });

  it('leaves nothing behind', async () => {
    await vi.waitUntil(() => app.deps.sessions.feedCount === 0, { timeout: 5_000 });
  });
});
