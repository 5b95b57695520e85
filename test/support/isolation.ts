import { randomUUID } from 'node:crypto';
import type { App } from '../../src/app.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';

/** What a run of random operations by many accounts came to. */
export interface IsolationReport {
  operations: number;
  /** Replies that were looked through, and how many characters they had. */
  replies: number;
  characters: number;
  /** What was shown to somebody whose it is not. */
  leaks: string[];
  /** Where a reply is not what the model of its own account says, or what is refused was not. */
  differences: string[];
  byVerb: Record<string, number>;
}

export interface IsolationOptions {
  operations: number;
  seed: number;
  accounts?: number;
  tenants?: number;
  /** Ends a run that has found this many: a check of the check needs no more. */
  enough?: number;
}

/** Mulberry32: small, seeded, good enough to choose by. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Every text says whose it is: account 3, tenant 1 writes Qa3t1z. */
const MARK = /Qa(\d+)t(\d+)z/gi;
/** Stands for no tenant, in the names of an account and its key: they belong to all of it. */
const NAMES = 99;
const WORDS = ['harbour', 'lantern', 'orchard', 'violin', 'glacier', 'ferry', 'saddle', 'copper', 'meadow', 'pillow'];
/** Tenants are emptied past this, so that a page shows a whole one. */
const MOST_IN_TENANT = 60;

interface Edges {
  edges: { node: { id: string } }[];
}

/** What is looked at of replies; what a wrong one lacks no model agrees with. */
interface Body {
  memories?: { id: string }[];
  memory_id?: string;
  deleted_count?: number;
  freshness_half_life_days?: number;
  errors?: { extensions?: { code?: string } }[];
  data?: {
    all?: Edges;
    supersessionProposals?: Edges;
    a?: { id: string };
    b?: { id: string } | null;
    revertSupersession?: { memory: { id: string } };
    embeddingStatus?: { total: number };
    planStatus?: { writesUsed: number };
  } | null;
}

interface Reply {
  status: number;
  text: string;
  body: Body;
}

/** Runs seeded random operations of all accounts side by side, scans every reply, and compares it with a model. */
export async function runIsolation(app: App, options: IsolationOptions): Promise<IsolationReport> {
  const world = new World(app, options);
  await world.populate(options.accounts ?? 10, options.tenants ?? 5);
  await world.run();
  return world.report;
}

class World {
  readonly report: IsolationReport = {
    operations: 0,
    replies: 0,
    characters: 0,
    leaks: [],
    differences: [],
    byVerb: {},
  };
  /** Whose an id is. */
  readonly owners = new Map<string, number>();
  /** Memories of all accounts, to be asked for by others. */
  readonly ids: string[][] = [];
  readonly #members: Member[] = [];

  constructor(
    readonly app: App,
    readonly options: IsolationOptions,
  ) {}

  async populate(accounts: number, tenants: number): Promise<void> {
    for (let account = 0; account < accounts; account++) {
      const { id } = await createAccount(this.app.deps, { name: `Qa${account}t${NAMES}z` });
      const { key, apiKey } = await createApiKey(this.app.deps, { name: `Qa${account}t${NAMES}z`, accountId: id });
      for (const known of [id, apiKey.id]) this.owners.set(known, account);
      this.ids.push([]);
      this.#members.push(new Member(this, account, tenants, key, randomOf(this.options.seed + account)));
    }
  }

  /** Each account does one thing after the other, so that its model is exact; the accounts go side by side. */
  async run(): Promise<void> {
    const each = Math.ceil(this.options.operations / this.#members.length);
    await Promise.all(
      this.#members.map(async (member) => {
        for (let i = 0; i < each && !this.isEnough; i++) await member.step();
        if (!this.isEnough) await member.compareAll();
      }),
    );
  }

  get isEnough(): boolean {
    return this.report.leaks.length + this.report.differences.length >= (this.options.enough ?? 20);
  }
}

/** One account with its tenants, as its own model has it. */
class Member {
  /** All versions of each tenant's facts. */
  readonly #held: Set<string>[];
  #written = 0;

  constructor(
    readonly world: World,
    readonly account: number,
    tenants: number,
    readonly key: string,
    readonly random: () => number,
  ) {
    this.#held = Array.from({ length: tenants }, () => new Set());
  }

  /** One random operation. */
  async step(): Promise<void> {
    this.world.report.operations += 1;
    const tenant = this.#below(this.#held.length);
    const held = this.#held[tenant] ?? new Set();
    if (held.size < 2 || this.random() < 0.3)
      return held.size > MOST_IN_TENANT ? this.#empty(tenant) : this.#add(tenant);
    const verb = VERBS[this.#below(VERBS.length)] ?? 'list';
    this.world.report.byVerb[verb] = (this.world.report.byVerb[verb] ?? 0) + 1;
    await this.#do[verb](tenant);
  }

  async compareAll(): Promise<void> {
    for (const tenant of this.#held.keys()) await this.#do.list(tenant);
    await this.#do.status(0);
  }

  readonly #do = {
    list: async (tenant: number): Promise<void> => {
      const { body } = await this.#rest(
        'GET',
        `/agent/memories?tenant_id=T${tenant}&include_superseded=true&limit=100`,
        { tenant },
      );
      const ids = body.memories?.map(({ id }) => id) ?? [];
      this.#same(`the list of tenant ${tenant}`, ids.sort(), [...(this.#held[tenant] ?? [])].sort());
    },
    page: async (tenant: number): Promise<void> => {
      const { body } = await this.#graphql(
        `query ($tenantId: String, $text: String) {
          all: memories(first: 100, state: ANY, filter: { tenantId: $tenantId }) { edges { node { id text timeline { entries { id text } } } } }
          some: memories(first: 20, filter: { tenantId: $tenantId, text: $text }) { edges { node { id text  } } }
        }`,
        { tenantId: `T${tenant}`, text: 'copper' },
        { tenant },
      );
      const ids = body.data?.all?.edges.map(({ node }) => node.id) ?? [];
      this.#same(`the page of tenant ${tenant}`, ids.sort(), [...(this.#held[tenant] ?? [])].sort());
    },
    query: async (tenant: number) => {
      const question = `What is the ${this.#word()} of ${this.#anyMark()}?`;
      await this.#rest('POST', '/agent/query', {
        tenant,
        echoes: question,
        body: { question, tenant_id: `T${tenant}` },
      });
    },
    search: async (tenant: number) => {
      const query = `${this.#word()} ${this.#anyMark()}`;
      const document = `query ($query: String!, $tenantId: String) {
        search(query: $query, first: 20, filter: { tenantId: $tenantId }) { edges { node { memory { id text } } } } }`;
      await this.#graphql(document, { query, tenantId: `T${tenant}` }, { tenant, echoes: query });
    },
    byId: (tenant: number) => this.#oneOf(tenant, 'GET', ''),
    timeline: (tenant: number) => this.#oneOf(tenant, 'GET', '/timeline'),
    audit: (tenant: number) => this.#oneOf(tenant, 'GET', '/audit'),
    // Own and others' in one request: they are looked up together.
    several: async (tenant: number): Promise<void> => {
      const [mine, theirs] = [this.#own(tenant), this.#foreign()];
      const document = `query ($mine: ID!, $theirs: ID!) { a: memory(id: $mine) { id text } b: memory(id: $theirs) { id text } }`;
      const { body } = await this.#graphql(document, { mine, theirs }, { echoes: theirs });
      this.#same(
        'own beside others',
        [body.data?.a?.id, body.data?.b ?? null, refused(body.errors?.[0]?.extensions?.code)],
        [mine, null, true],
      );
    },
    supersede: async (tenant: number) => {
      const id = this.#foreign();
      const { status } = await this.#rest('POST', `/memories/${id}/supersede`, {
        echoes: id,
        body: { superseded_by: this.#own(tenant) },
      });
      this.#same('superseding what is others', refused(status), true);
      const by = await this.#rest('POST', `/memories/${this.#own(tenant)}/supersede`, {
        echoes: id,
        body: { superseded_by: id },
      });
      this.#same('superseding by what is others', refused(by.status), true);
    },
    replace: (tenant: number) => this.#add(tenant, this.#own(tenant)),
    retract: async (tenant: number) => {
      await this.#change('retractMemory', 'RetractMemoryInput', this.#own(tenant), { reason: 'wrong' });
      await this.#change('retractMemory', 'RetractMemoryInput', this.#foreign(), { reason: 'wrong' }, true);
    },
    revert: async (tenant: number) => {
      const { body } = await this.#change('revertSupersession', 'RevertSupersessionInput', this.#own(tenant), {});
      const id = body.data?.revertSupersession?.memory.id;
      if (id !== undefined) this.#learn(tenant, id);
      await this.#change('revertSupersession', 'RevertSupersessionInput', this.#foreign(), {}, true);
    },
    deleteOne: async (tenant: number) => {
      const id = this.#own(tenant);
      await this.#change('deleteMemories', 'DeleteMemoriesInput', id, {}, false, 'deletedCount');
      this.#held[tenant]?.delete(id);
      await this.#change('deleteMemories', 'DeleteMemoriesInput', this.#foreign(), {}, true, 'deletedCount');
    },
    changes: async (tenant: number) => {
      await this.#rest('GET', `/agent/changes?tenant_id=T${tenant}&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z`, {
        tenant,
      });
    },
    proposals: async (tenant: number) => {
      const document = `query ($tenantId: String) { supersessionProposals(first: 50, tenantId: $tenantId) { edges { node { id old { id text } new { id text } } } } }`;
      const { body } = await this.#graphql(document, { tenantId: `T${tenant}` }, { tenant });
      const open = body.data?.supersessionProposals?.edges ?? [];
      for (const { node } of open) this.world.owners.set(node.id, this.account);
      const id = [...this.world.owners].find(([, owner]) => owner !== this.account)?.[0] ?? randomUUID();
      const decided = await this.#rest('POST', `/agent/proposals/${id}/reject`, { echoes: id });
      this.#same('deciding what is others', decided.status, 404);
    },
    settings: async () => {
      const body = { freshness_half_life_days: 10 + this.account };
      await this.#rest('PATCH', '/agent/settings', { body });
      const { body: settings } = await this.#rest('GET', '/agent/settings', {});
      this.#same('settings', settings.freshness_half_life_days, body.freshness_half_life_days);
    },
    status: async (_tenant: number): Promise<void> => {
      const document = `{ planStatus { writesUsed } embeddingStatus { total } webhooks { id } settings { freshnessHalfLifeDays } }`;
      const { body } = await this.#graphql(document, {}, {});
      const total = this.#held.reduce((sum, { size }) => sum + size, 0);
      this.#same(
        'counts',
        [body.data?.embeddingStatus?.total, body.data?.planStatus?.writesUsed],
        [total, this.#written],
      );
    },
    import: async (tenant: number): Promise<void> => {
      const rows = [0, 1, 2].map(() => JSON.stringify({ content: this.#text(tenant), tenant_id: `T${tenant}` }));
      const { text } = await this.#rest('POST', '/agent/memories/import', { tenant, body: rows.join('\n') });
      for (const [, id = ''] of text.matchAll(/"memory_id":"([^"]+)"/g)) this.#learn(tenant, id);
      this.#written += 3;
    },
    events: async (tenant: number) => {
      await this.#feed('GET', `/agent/events?after=0&tenant_id=T${tenant}`, { tenant });
    },
    feed: async () => {
      const query = `subscription { memoryEvents(after: "0") { __typename ... on MemoryEvent { memory { id text } } } }`;
      await this.#feed('POST', '/graphql', { body: { query } });
    },
  };

  async #add(tenant: number, supersedes?: string): Promise<void> {
    const body = { content: this.#text(tenant), tenant_id: `T${tenant}`, ...(supersedes && { supersedes }) };
    const { status, body: reply } = await this.#rest('POST', '/agent/memories', { tenant, body });
    // What is not current any more can not be replaced.
    if (status !== 200 && supersedes !== undefined) return;
    this.#same('a write', status, 200);
    this.#learn(tenant, reply.memory_id ?? '');
    this.#written += 1;
  }

  async #empty(tenant: number): Promise<void> {
    const { body } = await this.#rest('DELETE', `/agent/memories?tenant_id=T${tenant}`, { tenant });
    this.#same('what a deletion took', body.deleted_count, this.#held[tenant]?.size);
    this.#held[tenant]?.clear();
  }

  async #oneOf(tenant: number, method: string, suffix: string): Promise<void> {
    const own = await this.#rest(method, `/memories/${this.#own(tenant)}${suffix}`, { tenant });
    const id = this.#foreign();
    const others = await this.#rest(method, `/memories/${id}${suffix}`, { echoes: id });
    this.#same(`a look at what is own, and at others' ${suffix}`, [own.status, refused(others.status)], [200, true]);
  }

  async #change(
    name: string,
    type: string,
    memoryId: string,
    more: object,
    isForeign = false,
    shown = 'memory { id text }',
  ): Promise<Reply> {
    const document = `mutation ($input: ${type}!) { ${name}(input: $input) { ${shown} } }`;
    const reply = await this.#graphql(document, { input: { memoryId, ...more } }, { echoes: memoryId });
    const failure = reply.body.errors?.[0]?.extensions?.code;
    if (isForeign) this.#same(`${name} of what is others`, refused(failure), true);
    return reply;
  }

  #learn(tenant: number, id: string): void {
    this.#held[tenant]?.add(id);
    this.world.owners.set(id, this.account);
    this.world.ids[this.account]?.push(id);
  }

  #below = (most: number): number => Math.floor(this.random() * most);
  #word = (): string => WORDS[this.#below(WORDS.length)] ?? '';
  #anyMark = (): string => `Qa${this.#below(this.world.ids.length)}t${this.#below(this.#held.length)}z`;
  #text = (tenant: number): string =>
    `The ${this.#word()} of Qa${this.account}t${tenant}z is number ${Math.floor(this.random() * 1e12)}.`;
  #own = (tenant: number): string =>
    [...(this.#held[tenant] ?? [])][this.#below(this.#held[tenant]?.size ?? 0)] ?? randomUUID();

  /** A memory of somebody else that is still there. */
  #foreign(): string {
    const others = this.world.ids.flatMap((ids, account) => (account === this.account ? [] : ids.slice(0, 1)));
    return others[this.#below(others.length)] ?? randomUUID();
  }

  #same(what: string, seen: unknown, wanted: unknown): void {
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
    this.world.report.differences.push(
      `account ${this.account}, ${what}: ${JSON.stringify(seen)} for ${JSON.stringify(wanted)}`.slice(0, 400),
    );
  }

  /** Whose marks and ids are in a reply; `echoes`: what the request itself named. */
  #scan(what: string, text: string, { tenant, echoes = '' }: Asked): void {
    const { report, owners } = this.world;
    report.replies += 1;
    report.characters += text.length;
    const said = echoes.toLowerCase();
    for (const [mark, account, of] of text.matchAll(MARK)) {
      const isOwn =
        Number(account) === this.account && (tenant === undefined || Number(of) === tenant || Number(of) === NAMES);
      if (!isOwn && !said.includes(mark.toLowerCase())) report.leaks.push(`account ${this.account}, ${what}: ${mark}`);
    }
    for (const [id] of text.matchAll(UUID)) {
      const owner = owners.get(id);
      if (owner !== undefined && owner !== this.account && !said.includes(id))
        report.leaks.push(`account ${this.account}, ${what}: an id of account ${owner}`);
    }
  }

  #request(method: string, path: string, body: unknown, more: Record<string, string> = {}): Request {
    const headers = {
      authorization: `Bearer ${this.key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more,
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Request(`http://palimpsest${path}`, { method, headers, ...(body !== undefined && { body: text }) });
  }

  async #rest(method: string, path: string, asked: Asked): Promise<Reply> {
    const response = await this.world.app.fetch(this.#request(method, path, asked.body));
    const text = await response.text();
    this.#scan(`${method} ${path}`, text, { ...asked, echoes: `${asked.echoes ?? ''} ${path}` });
    if (response.status >= 500) this.#same(`${method} ${path}`, response.status, 'no fault');
    return {
      status: response.status,
      text,
      body: text.startsWith('{') && !text.includes('\n') ? (JSON.parse(text) as Body) : {},
    };
  }

  async #graphql(query: string, variables: object, asked: Asked): Promise<Reply> {
    const reply = await this.#rest('POST', '/graphql', { ...asked, body: { query, variables } });
    const code = reply.body.errors?.[0]?.extensions?.code;
    if (code === 'INTERNAL' || code === 'GRAPHQL_VALIDATION_FAILED') this.#same(query, code, 'no fault');
    return reply;
  }

  /** The first messages of a feed. */
  async #feed(method: string, path: string, asked: Asked): Promise<void> {
    const response = await this.world.app.fetch(
      this.#request(method, path, asked.body, { accept: 'text/event-stream' }),
    );
    const reader = response.body?.getReader();
    let text = '';
    for (let frames = 0; reader && frames < 6; frames++) {
      const { value, done } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    await reader?.cancel();
    this.#same(`${method} ${path} as a feed`, [response.status, text.length > 0], [200, true]);
    this.#scan(`${method} ${path} as a feed`, text, asked);
  }
}

/** Others' memories are refused; where their account has deleted them meanwhile, as none. */
const refused = (told: unknown): boolean => [403, 404, 'FORBIDDEN', 'NOT_FOUND'].includes(told as string | number);

interface Asked {
  /** The tenant that was asked for; undefined: any of the account. */
  tenant?: number | undefined;
  echoes?: string | undefined;
  body?: unknown;
}

const VERBS = [
  ...([
    'list',
    'page',
    'query',
    'search',
    'byId',
    'timeline',
    'audit',
    'several',
    'supersede',
    'replace',
    'retract',
    'revert',
  ] as const),
  ...(['deleteOne', 'changes', 'proposals', 'settings', 'status', 'import', 'events', 'feed'] as const),
];
