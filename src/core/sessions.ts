import { AppError } from '../errors.js';
import { readApiKeysById, type StoredKey } from '../store/api-keys.js';
import { refusalOf as refusalOfBlock } from './admit.js';
import type { Caller, Deps } from './deps.js';
import { refusalOf, type Refusal } from './rules/key-proof.js';
import { blockOf, type PlanTerms } from './rules/quota.js';

/** What happened to a key that nobody was told of is found within a second: its end, too, which nobody tells. */
const LOOK_MS = 750;

/** A feed that is open. */
export interface OpenFeed {
  /** Aborts when the feed must end, with what its caller is to be told as the reason. */
  signal: AbortSignal;
  close(): void;
}

/** Ends what is open, for this reason. */
type End = (why: AppError) => void;

interface Session {
  caller: Caller;
  end: End;
}

/** What one key has open. */
interface Open {
  sessions: Set<Session>;
  feeds: number;
}

type SessionDeps = Pick<Deps, 'db' | 'now'> & { plans: PlanTerms };

/**
 * What callers keep open, sockets, feeds and imports, by API key: counted, and ended when the key is revoked, has expired, lost the
 * secret that they came with, or may no longer do what it might then, and when the account is blocked.
 */
export class Sessions {
  readonly #open = new Map<string, Open>();
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;

  constructor(
    private readonly deps: SessionDeps,
    private readonly maxFeedsPerKey: number,
  ) {
    this.#timer = setInterval(() => void this.#lookAtAll(), LOOK_MS).unref();
  }

  /** Keeps `end` for when the key is no longer what it was. What is given back forgets it. */
  open(caller: Caller, end: End): () => void {
    const ofKey = this.#open.get(caller.apiKeyId) ?? { sessions: new Set(), feeds: 0 };
    this.#open.set(caller.apiKeyId, ofKey);
    const session = { caller, end };
    ofKey.sessions.add(session);
    return () => {
      if (ofKey.sessions.delete(session) && ofKey.sessions.size === 0) this.#open.delete(caller.apiKeyId);
    };
  }

  /** One more feed of this key. @throws AppError RATE_LIMITED when it has as many as it may */
  openFeed(caller: Caller): OpenFeed {
    if ((this.#open.get(caller.apiKeyId)?.feeds ?? 0) >= this.maxFeedsPerKey) throw tooMany(this.maxFeedsPerKey);
    const stop = new AbortController();
    const forget = this.open(caller, (why) => stop.abort(why));
    this.#count(caller, 1);
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return; // a feed may end in two ways at once, and counts once
      isOpen = false;
      this.#count(caller, -1);
      forget();
    };
    return { signal: stop.signal, close };
  }

  #count({ apiKeyId }: Caller, change: number): void {
    const ofKey = this.#open.get(apiKeyId);
    if (ofKey) ofKey.feeds += change;
  }

  /** A key was changed: ends what it has open and may not have any more. */
  async changed(apiKeyId: string): Promise<void> {
    // A failure is made good by the next look.
    if (this.#open.has(apiKeyId)) await this.#look([apiKeyId]).catch(() => undefined);
  }

  /** Open feeds of all keys. */
  get feedCount(): number {
    return [...this.#open.values()].reduce((sum, { feeds }) => sum + feeds, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #lookAtAll(): Promise<void> {
    if (this.#isLooking || this.#open.size === 0) return;
    this.#isLooking = true;
    await this.#look([...this.#open.keys()]).catch(() => undefined);
    this.#isLooking = false;
  }

  async #look(apiKeyIds: readonly string[]): Promise<void> {
    const sessions = apiKeyIds.flatMap((id) => [...(this.#open.get(id)?.sessions ?? [])]);
    const accountIds = new Set(sessions.map(({ caller }) => caller.accountId)); // every key of the table leads with it
    const keys = await readApiKeysById(this.deps.db, apiKeyIds, [...accountIds]);
    const byId = new Map(keys.map((key) => [key.id, key]));
    for (const { caller, end } of sessions) {
      const why = endOf(caller, byId.get(caller.apiKeyId), this.deps);
      if (why) end(why);
    }
  }
}

const WORDS: Readonly<Record<Refusal, string>> = {
  UNKNOWN: 'was rotated',
  ROTATED: 'was rotated',
  REVOKED: 'was revoked',
  EXPIRED: 'has expired',
};

/** Why what a caller has open must end; null if it need not. */
function endOf(
  { shown, scopes, boundTenant, block: before }: Caller,
  key: StoredKey | undefined,
  { now, plans }: SessionDeps,
): AppError | null {
  const ended = (how: string, code: 'UNAUTHENTICATED' | 'FORBIDDEN' = 'UNAUTHENTICATED') =>
    new AppError(code, `The API key ${how} while this feed was open.`);
  if (!key) return ended('was removed');
  const refusal = refusalOf(key, shown?.secretHash ?? key.secretHash, now());
  if (refusal) return ended(WORDS[refusal]);
  const isSame = key.boundTenant === (boundTenant ?? null) && [...scopes].every((scope) => key.scopes.includes(scope));
  if (!isSame) return ended('lost a scope', 'FORBIDDEN');
  // Who came blocked has open what is left to a blocked account.
  const block = before ? null : blockOf(key, plans, now());
  return block && refusalOfBlock(block);
}

const tooMany = (limit: number): AppError =>
  new AppError(
    'RATE_LIMITED',
    `This API key has ${limit} feeds open, which is as many as it may (PALIMPSEST_MAX_SUBSCRIPTIONS).`,
  );
