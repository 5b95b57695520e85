import { print, type GraphQLFormattedError } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import { SupersessionsDocument, type SupersessionsSubscription } from '../generated/documents.js';

export type FeedItem = SupersessionsSubscription['supersessions'];
export type FeedEvent = Extract<FeedItem, { __typename: 'MemoryEvent' }>;

const WAIT = { timeout: 20_000, interval: 10 };

interface Result<Data> {
  data?: Data | null | undefined;
  errors?: readonly Pick<GraphQLFormattedError, 'message'>[] | undefined;
}

/** What a sink of either client library is told. */
interface Sink<Data> {
  next(result: Result<Data>): void;
  error(error: unknown): void;
  complete(): void;
}

type Subscribe<Data> = (sink: Sink<Data>) => () => void;

/** One operation as a client sees it: everything that came for it, and how it ended. */
export class Operation<Data> {
  readonly results: Result<Data>[] = [];
  error: unknown;
  isEnded = false;
  /** Tells the server that this client wants no more of it. */
  readonly stop: () => void;

  constructor(subscribe: Subscribe<Data>) {
    this.stop = subscribe({
      next: (result) => void this.results.push(result),
      error: (error) => {
        this.error = error;
        this.isEnded = true;
      },
      complete: () => (this.isEnded = true),
    });
  }

  /** Errors that ended it, or that came with its last result. */
  get errors(): unknown {
    return this.error ?? this.results.at(-1)?.errors;
  }

  async ended(): Promise<void> {
    await vi.waitUntil(() => this.isEnded, WAIT);
  }
}

/** A feed of supersessions as a client sees it. */
export class Feed extends Operation<SupersessionsSubscription> {
  get items(): FeedItem[] {
    return this.results.map(({ data, errors }) => {
      expect(errors).toBeUndefined();
      if (!data) throw new Error('a message without data');
      return data.supersessions;
    });
  }

  /** The events, without the message that opened the feed. */
  get events(): FeedEvent[] {
    return this.items.filter((item) => item.__typename === 'MemoryEvent');
  }

  /** The new version's text of each event, in the order of arrival. */
  get texts(): (string | undefined)[] {
    return this.events.map(({ memory }) => memory?.text);
  }

  /** Waits for the first message and gives the cursor at which the feed begins. */
  async opened(): Promise<string> {
    await vi.waitUntil(() => this.results.length > 0 || this.isEnded, WAIT);
    const [first] = this.items;
    if (first?.__typename !== 'FeedOpened') throw new Error(`not opened: ${JSON.stringify(this.error ?? first)}`);
    return first.cursor;
  }

  /** Waits until at least `count` events came. */
  async received(count: number, timeout = WAIT.timeout): Promise<FeedEvent[]> {
    await vi.waitUntil(() => this.results.length > count || this.isEnded, { ...WAIT, timeout });
    return this.events;
  }
}

/** Lean: without timelines, whose length would rule the cost of a long run. */
interface FeedVariables extends Record<string, unknown> {
  after?: string;
  isLean?: boolean;
}

export interface Socket {
  /** The connection underneath, once there is one. */
  connection(): WebSocket;
  /** How often it was closed, and with what. */
  closed: { code: number; reason: string }[];
  follow(variables?: FeedVariables): Feed;
  run<Data = unknown>(query: string, variables?: Record<string, unknown>): Operation<Data>;
  dispose(): Promise<void>;
}

/** A graphql-ws client on one WebSocket, which does not come back by itself when it is closed. */
export function openSocket(url: string, key: string): Socket {
  const connections: WebSocket[] = [];
  const closed: Socket['closed'] = [];
  class Recorded extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols);
      connections.push(this);
    }
  }
  const client: SocketClient = createSocketClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Recorded,
    connectionParams: { Authorization: `Bearer ${key}` },
    retryAttempts: 0,
    lazyCloseTimeout: 60_000,
    onNonLazyError: () => undefined,
    on: { closed: (event) => void closed.push(event as { code: number; reason: string }) },
  });
  return {
    connection: () => {
      const [connection] = connections;
      if (!connection) throw new Error('there is no connection yet');
      return connection;
    },
    closed,
    follow: (variables = {}) =>
      new Feed((sink) => client.subscribe({ query: print(SupersessionsDocument), variables }, sink)),
    run: <Data>(query: string, variables: Record<string, unknown> = {}) =>
      new Operation<Data>((sink) => client.subscribe<Data>({ query, variables }, sink)),
    dispose: async () => client.dispose(),
  };
}

/** A feed through the graphql-sse client, on a request of its own. */
export function followOverSse(url: string, key: string, variables: FeedVariables = {}): Feed {
  const client = createSseClient({
    url: `${url}/graphql`,
    headers: { Authorization: `Bearer ${key}` },
    retryAttempts: 0,
  });
  return new Feed((sink) => client.subscribe({ query: print(SupersessionsDocument), variables }, sink));
}
