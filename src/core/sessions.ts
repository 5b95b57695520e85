import { AppError } from '../errors.js';
import { readRevokedIds } from '../store/accounts.js';
import type { Db } from '../store/client.js';
import type { Caller } from './deps.js';

/** A revocation that nobody was told of, as while the connection for notifications was down, is found at most this late. */
const LOOK_MS = 5_000;

/** A feed that is open. */
export interface OpenFeed {
  /** Aborts when the feed must end, with what its caller is to be told as the reason. */
  signal: AbortSignal;
  close(): void;
}

type End = () => void;

/** What one key has open. */
interface Open {
  caller: Caller;
  ends: Set<End>;
  feeds: number;
}

/** What callers keep open, sockets and feeds, by API key: counted, and ended together when the key is revoked. */
export class Sessions {
  readonly #open = new Map<string, Open>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly db: Db,
    private readonly maxFeedsPerKey: number,
  ) {
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), LOOK_MS).unref();
  }

  /** Keeps `end` for when the key is revoked. What is given back forgets it. */
  open(caller: Caller, end: End): () => void {
    const ofKey = this.#open.get(caller.apiKeyId) ?? { caller, ends: new Set(), feeds: 0 };
    this.#open.set(caller.apiKeyId, ofKey);
    ofKey.ends.add(end);
    return () => {
      if (ofKey.ends.delete(end) && ofKey.ends.size === 0) this.#open.delete(caller.apiKeyId);
    };
  }

  /** One more feed of this key. @throws AppError RATE_LIMITED when it has as many as it may */
  openFeed(caller: Caller): OpenFeed {
    if ((this.#open.get(caller.apiKeyId)?.feeds ?? 0) >= this.maxFeedsPerKey) throw tooMany(this.maxFeedsPerKey);
    const stop = new AbortController();
    const forget = this.open(caller, () =>
      stop.abort(new AppError('UNAUTHENTICATED', 'The API key was revoked while this feed was open.')),
    );
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

  /** Ends all that this key has open. */
  revoked(apiKeyId: string): void {
    for (const end of [...(this.#open.get(apiKeyId)?.ends ?? [])]) end();
  }

  /** Open feeds of all keys. */
  get feedCount(): number {
    return [...this.#open.values()].reduce((sum, { feeds }) => sum + feeds, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const callers = [...this.#open.values()].map(({ caller }) => caller);
    if (callers.length === 0) return;
    for (const id of await readRevokedIds(this.db, callers)) this.revoked(id);
  }
}

const tooMany = (limit: number): AppError =>
  new AppError(
    'RATE_LIMITED',
    `This API key has ${limit} feeds open, which is as many as it may (PALIMPSEST_MAX_SUBSCRIPTIONS).`,
  );
