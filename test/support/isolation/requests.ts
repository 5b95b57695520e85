import type { World } from './world.js';

interface Edges {
  edges: { node: { id: string } }[];
}

/** What is looked at of replies; what a wrong one lacks no model agrees with. */
export interface Body {
  memories?: { id: string }[];
  memory_id?: string;
  deleted_count?: number;
  freshness_half_life_days?: number;
  code?: string;
  cursor?: string;
  errors?: { extensions?: { code?: string } }[];
  data?: {
    all?: Edges;
    apiKeys?: Edges;
    supersessionProposals?: Edges;
    a?: { id: string };
    b?: { id: string } | null;
    revertSupersession?: { memory: { id: string }; cursor: string };
    retractMemory?: { cursor: string };
    deleteMemories?: { deletedCount: number; cursor: string };
    eraseSubject?: { counts: { memories: number }; cursor: string };
    embeddingStatus?: { total: number };
    planStatus?: { writesUsed: number };
    viewer?: { apiKey: { id: string } };
  } | null;
}

export interface Reply {
  status: number;
  text: string;
  /** Of an answer in JSON. */
  body: Body;
  /** The code of its (first) error. */
  code: string | undefined;
}

export interface Asked {
  /** The tenant that was asked for; undefined: any that the key may see. */
  tenant?: number | undefined;
  /** What the request says of others: it may be told that back. */
  echoes?: string | undefined;
  body?: unknown;
  headers?: Record<string, string> | undefined;
}

/** A feed has something to say at once: what it is asked for has happened. */
const FEED_MS = 20_000;
const FAULTS = ['INTERNAL', 'GRAPHQL_VALIDATION_FAILED'];

/** One key and what is asked with it. Every reply is looked through for what is others'. */
export class Requests {
  readonly who: string;
  /** What it has set. */
  settings: number | undefined;

  constructor(
    readonly world: World,
    readonly account: number,
    /** The tenant that the key is bound to. */
    readonly bound: number | undefined,
    readonly key: string,
  ) {
    this.who = `account ${account}${bound === undefined ? '' : ` bound to tenant ${bound}`}`;
  }

  async rest(method: string, path: string, asked: Asked = {}): Promise<Reply> {
    const response = await this.world.app.fetch(this.#request(method, path, asked));
    const text = await response.text();
    this.#scan(`${method} ${path}`, text, { ...asked, echoes: `${asked.echoes ?? ''} ${path}` });
    if (response.status >= 500) this.same(`${method} ${path}`, response.status, 'no fault');
    const isJson = response.headers.get('content-type')?.includes('json') === true && !text.trim().includes('\n');
    const body = isJson ? (JSON.parse(text) as Body) : {};
    return { status: response.status, text, body, code: body.code ?? body.errors?.[0]?.extensions?.code };
  }

  async graphql(query: string, variables: object, asked: Asked = {}): Promise<Reply> {
    const reply = await this.rest('POST', '/graphql', { ...asked, body: { query, variables } });
    if (FAULTS.includes(reply.code ?? '')) this.same(query, reply.code, 'no fault');
    return reply;
  }

  /** The messages of a feed up to the one that is waited for. */
  async feed(method: string, path: string, until: RegExp, asked: Asked = {}): Promise<void> {
    const headers = { accept: 'text/event-stream' };
    const response = await this.world.app.fetch(this.#request(method, path, { ...asked, headers }));
    const reader = response.body?.getReader();
    const giveUp = setTimeout(() => void reader?.cancel(), FEED_MS);
    const decoder = new TextDecoder();
    let text = '';
    while (reader && !until.test(text)) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    clearTimeout(giveUp);
    await reader?.cancel();
    this.same(`${method} ${path} as a feed up to ${until.source}`, [response.status, until.test(text)], [200, true]);
    this.#scan(`${method} ${path} as a feed`, text, asked);
  }

  same(what: string, seen: unknown, wanted: unknown): void {
    this.world.same(this.who, what, seen, wanted);
  }

  #scan(what: string, text: string, { tenant = this.bound, echoes = '' }: Asked): void {
    this.world.scan(
      `${this.bound === undefined ? '' : 'with a bound key, '}${what}`,
      text,
      { account: this.account, tenant },
      echoes,
    );
  }

  #request(method: string, path: string, { body, headers }: Asked): Request {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Request(`http://palimpsest${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: text }),
    });
  }
}
