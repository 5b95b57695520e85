import { Http, type AurraOptions } from './http.js';
import type {
  AddContent,
  AddContentResult,
  AddMessages,
  AddMessagesResult,
  Answer,
  AsOf,
  Audit,
  DeleteResult,
  ListOptions,
  MemoryList,
  PlanStatus,
  QueryOptions,
  Settings,
  SupersedeOptions,
  SupersedeResult,
  Timeline,
} from './types.js';

export * from './errors.js';
export type { AurraOptions } from './http.js';
export type * from './types.js';

/**
 * A client of the REST API in the form of the documented JavaScript SDK: names in camel case, errors typed. Needs nothing but
 * fetch, so that it runs in Node and in browsers (there the server must allow the page: PALIMPSEST_CORS_ORIGINS).
 */
export class Aurra {
  readonly memories: Memories;
  readonly agent: Agent;
  readonly settings: SettingsOfKey;
  readonly plan: Plan;
  readonly baseUrl: string;

  /** @throws TypeError for what is no key */
  constructor(options: AurraOptions) {
    const http = new Http(options);
    this.baseUrl = http.baseUrl;
    this.memories = new Memories(http);
    this.agent = new Agent(http);
    this.settings = new SettingsOfKey(http);
    this.plan = new Plan(http);
  }
}

const at = (memoryId: string): string => `/memories/${encodeURIComponent(memoryId)}`;

export class Memories {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Stores a fact (`content`), or the facts of a conversation (`messages`). @throws AurraError */
  add(input: AddContent): Promise<AddContentResult>;
  add(input: AddMessages): Promise<AddMessagesResult>;
  add({ idempotencyKey, ...body }: AddContent | AddMessages): Promise<AddContentResult | AddMessagesResult> {
    const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return this.#http.send({ method: 'POST', path: '/agent/memories', body, headers });
  }

  /** Newest first. @throws AurraError */
  list(query: ListOptions = {}): Promise<MemoryList> {
    return this.#http.send({ method: 'GET', path: '/agent/memories', query });
  }

  /** The same as `agent.query`. @throws AurraError */
  query(input: QueryOptions | string): Promise<Answer> {
    return ask(this.#http, input);
  }

  /** Closes a memory: replaced, expired, or both. @throws AurraError */
  supersede(memoryId: string, body: SupersedeOptions): Promise<SupersedeResult> {
    return this.#http.send({ method: 'POST', path: `${at(memoryId)}/supersede`, body });
  }

  /** All versions of the fact, oldest first. @throws AurraError */
  timeline(memoryId: string, query: AsOf = {}): Promise<Timeline> {
    return this.#http.send({ method: 'GET', path: `${at(memoryId)}/timeline`, query });
  }

  /** Provenance and every event. @throws AurraError */
  audit(memoryId: string): Promise<Audit> {
    return this.#http.send({ method: 'GET', path: `${at(memoryId)}/audit` });
  }

  /** Deletes a tenant for good; the default one, if none is named. @throws AurraError */
  delete(query: { tenantId?: string } = {}): Promise<DeleteResult> {
    return this.#http.send({ method: 'DELETE', path: '/agent/memories', query });
  }
}

export class Agent {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Answers a question, with citations. @throws AurraError */
  query(input: QueryOptions | string): Promise<Answer> {
    return ask(this.#http, input);
  }
}

export class SettingsOfKey {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** @throws AurraError */
  get(): Promise<Settings> {
    return this.#http.send({ method: 'GET', path: '/agent/settings' });
  }

  /** Changes what is given, and gives all. @throws AurraError */
  update(body: Partial<Settings>): Promise<Settings> {
    return this.#http.send({ method: 'PATCH', path: '/agent/settings', body });
  }
}

export class Plan {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** @throws AurraError */
  status(): Promise<PlanStatus> {
    return this.#http.send({ method: 'GET', path: '/plan/status' });
  }
}

const ask = (http: Http, input: QueryOptions | string): Promise<Answer> =>
  http.send({ method: 'POST', path: '/agent/query', body: typeof input === 'string' ? { question: input } : input });
