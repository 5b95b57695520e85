import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { FairQueue } from './fair-queue.js';

/**
 * For whom statements act, and so whose rows the database shows them:
 * an account (one tenant of it where `tenantId` is given, '' being the default tenant); SYSTEM: the server's own work, all rows;
 * NOBODY: no row at all.
 */
export type Actor = 'SYSTEM' | 'NOBODY' | { readonly accountId: string; readonly tenantId?: string | undefined };

const acting = new AsyncLocalStorage<Actor>();

/**
 * Runs `work` for an actor: every statement that it begins, however deep and however late, acts for that one alone. What runs
 * outside of any such call acts for nobody. A transaction acts for whom it was begun, to its end.
 */
export const runAs = <Result>(actor: Actor, work: () => Result): Result => acting.run(actor, () => begun(work()));

/** Runs `work` for the server itself, past the guard: for what belongs to no account, or to all. */
export const asSystem = <Result>(work: () => Result): Result => runAs('SYSTEM', work);

/** Prisma asks the database when its promise is first waited for: that has to happen in here, and not where it is handed to. */
function begun<Result>(result: Result): Result {
  if (!isThenable(result)) return result;
  return new Promise((resolve, reject) => void result.then(resolve, reject)) as Result;
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** The same items, each made for `actor`, whoever asks for them: a generator goes on as who asks for its next item. */
export const eachAs = <Item, Last, Sent>(
  actor: Actor,
  items: AsyncGenerator<Item, Last, Sent>,
): AsyncGenerator<Item, Last, Sent> => {
  const each: AsyncGenerator<Item, Last, Sent> = {
    next: (...sent) => runAs(actor, () => items.next(...sent)),
    return: (value) => runAs(actor, () => items.return(value)),
    throw: (error) => runAs(actor, () => items.throw(error)),
    [Symbol.asyncIterator]: () => each,
  };
  return each;
};

/** Restores, for work that is put off, whoever acts now. */
function keepActor(): <Result>(work: () => Result) => Result {
  const actor = acting.getStore();
  return (work) => (actor === undefined ? acting.exit(work) : acting.run(actor, work));
}

/** Names who acts now: the same name, the same rows. */
const nameOfActor = (): string => JSON.stringify(acting.getStore());

/** Which plan a statement gets: PostgreSQL plans it anew for each role that runs it under one name. */
export function kindOfActor(): string {
  const actor = acting.getStore();
  return actor === undefined ? 'otherwise' : (settingsOf(actor)[0] ?? 'system');
}

const ACCOUNT_ROLE = 'palimpsest_account';
const TENANT_ROLE = 'palimpsest_tenant';

/** The role, palimpsest.account and palimpsest.tenant: see the migration that makes the policies. No role: the one that logged in. */
function settingsOf(actor: Actor): [role: string | null, account: string, tenant: string] {
  if (actor === 'SYSTEM') return [null, '*', ''];
  if (actor === 'NOBODY') return [ACCOUNT_ROLE, '', ''];
  const { accountId, tenantId } = actor;
  return tenantId === undefined ? [ACCOUNT_ROLE, accountId, ''] : [TENANT_ROLE, accountId, `=${tenantId}`];
}

export interface GuardOptions {
  /** For whom acts what nobody was named for; NOBODY unless a test or a bench stands for an operator. */
  otherwise?: Actor | undefined;
  /** False: everything acts for the system, so that what the guard adds, and what it costs, can be seen. */
  isGuarded?: boolean | undefined;
}

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

const ACT = {
  name: 'act',
  text: `SELECT set_config('role', $1, false), set_config('palimpsest.account', $2, false), set_config('palimpsest.tenant', $3, false)`,
};

/** Who takes turns: an account, whatever its tenants, and the server itself. */
const partyOf = (actor: Actor): string => (typeof actor === 'string' ? actor : actor.accountId);

/** As of the driver. */
const POOL_SIZE = 10;

/**
 * A pool whose connections act for whoever asks for one. A connection is told only when that is another one than before. Accounts
 * that wait for one take turns.
 */
export class GuardedPool extends pg.Pool {
  /** Whether there are roles to act as; else the settings alone decide. */
  hasRoles = true;
  readonly #told = new WeakMap<pg.PoolClient, string>();
  readonly #guard: GuardOptions;
  readonly #turns: FairQueue;

  constructor(config: pg.PoolConfig, guard: GuardOptions = {}) {
    super(config);
    this.#guard = guard;
    this.#turns = new FairQueue(config.max ?? POOL_SIZE);
    this.on('release', () => this.#turns.leave());
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    // Read at once: a connection that is waited for is handed over by whoever gives it back.
    const { otherwise = 'NOBODY', isGuarded = true } = this.#guard;
    const actor = isGuarded ? (acting.getStore() ?? otherwise) : 'SYSTEM';
    const connecting = this.#take(actor).then((client) => this.#tell(client, actor));
    if (!callback) return connecting;
    connecting.then(
      (client) => callback(undefined, client, (error) => client.release(error as Error | undefined)),
      (error: unknown) => callback(error as Error, undefined, () => undefined),
    );
    return undefined;
  }

  /** A connection in its turn: the driver's own queue is one for all, and never has to be waited in. */
  async #take(actor: Actor): Promise<pg.PoolClient> {
    await this.#turns.enter(partyOf(actor));
    return super.connect().catch((error: unknown) => {
      this.#turns.leave();
      throw error;
    });
  }

  /** Before a transaction is begun, so that no rollback takes it back. A connection that can not be told is used for nothing. */
  async #tell(client: pg.PoolClient, actor: Actor): Promise<pg.PoolClient> {
    const [role, account, tenant] = settingsOf(actor);
    const values = [this.hasRoles ? role : null, account, tenant];
    const told = values.join(' ');
    if (this.#told.get(client) === told) return client;
    try {
      this.#told.delete(client);
      await client.query({ ...ACT, values });
      this.#told.set(client, told);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}

/** How the database keeps accounts apart. */
export interface GuardState {
  /** Requests run as roles of their own; else the policies are forced upon the role that the server logs in with. */
  hasRoles: boolean;
  /** False: the role that logs in, or one of those made for requests, is let past all policies. */
  isActive: boolean;
  /** Whether words and repeated facts are found through indexes under the guard. */
  isIndexed: boolean;
}

/** What came of the guard in a migrated database. */
export async function stateOfGuard(pool: GuardedPool): Promise<GuardState> {
  const { rows } = await runAs('NOBODY', () =>
    pool.query<Omit<GuardState, 'hasRoles'>>(`
      SELECT row_security_active('memories') AS "isActive", bool_and(proleakproof) AS "isIndexed" FROM pg_proc
      WHERE oid IN ('pg_catalog.ts_match_vq(tsvector, tsquery)'::regprocedure, 'pg_catalog."left"(text, integer)'::regprocedure)`),
  );
  const { isActive = false, isIndexed = false } = rows[0] ?? {};
  return { hasRoles: pool.hasRoles, isActive, isIndexed };
}

interface Loader {
  batchBy(request: object): string | undefined;
  singleLoader(request: object): Promise<unknown>;
  batchLoader(requests: object[]): Promise<unknown>;
}

/**
 * Prisma gathers the look-ups by key of one tick and asks for them together, for whoever was first: those of two actors would
 * act for one of them. After this they are gathered for each actor apart, and asked for by it. Prisma has no door for it; a
 * version that is built otherwise is refused here, at the start.
 * @throws Error when this version of Prisma gathers in another way
 */
export function actPerRequest<Client extends object>(client: Client): Client {
  const { _requestHandler: handler } = client as { _requestHandler?: { dataloader?: { options?: Partial<Loader> } } };
  const options = handler?.dataloader?.options;
  const { batchBy, singleLoader, batchLoader } = options ?? {};
  if (!options || !batchBy || !singleLoader || !batchLoader)
    throw new Error('This version of Prisma gathers look-ups in a way that the guard of the store does not know.');
  const restorers = new WeakMap<object, ReturnType<typeof keepActor>>();
  const restored = <Result>(request: object, work: () => Result): Result => restorers.get(request)?.(work) ?? work();
  options.batchBy = (request) => {
    const batch = batchBy(request);
    if (!batch) return batch;
    restorers.set(request, keepActor());
    return `${nameOfActor()} ${batch}`;
  };
  options.singleLoader = (request) => restored(request, () => singleLoader(request));
  options.batchLoader = (requests) => restored(requests[0] ?? {}, () => batchLoader(requests));
  return client;
}
