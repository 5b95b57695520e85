import { recordKeyUse, type KeyUse } from '../store/api-keys.js';
import type { Caller, Deps } from './deps.js';

/** How exactly it is known when a key was last used. */
const EVERY_MS = 60_000;
const WRITE_EVERY_MS = 2_000;

/** Notes when keys are used: at most once a minute each, and never while a request waits for it. */
export class KeyUses {
  /** When each was last noted. */
  #noted = new Map<string, number>();
  #unwritten = new Map<string, KeyUse>();
  #writing: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly deps: Pick<Deps, 'db' | 'now'>,
    private readonly onTrouble: (error: unknown) => void,
  ) {
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS).unref();
  }

  note({ accountId, apiKeyId }: Pick<Caller, 'accountId' | 'apiKeyId'>): void {
    const at = this.deps.now();
    const last = this.#noted.get(apiKeyId);
    if (last !== undefined && Math.abs(at.getTime() - last) < EVERY_MS) return;
    this.#noted.set(apiKeyId, at.getTime());
    this.#unwritten.set(apiKeyId, { accountId, apiKeyId, at });
  }

  /** Writes what was noted. What can not be written now is noted again with the key's next request. */
  write(): Promise<void> {
    const uses = [...this.#unwritten.values()];
    if (uses.length === 0) return this.#writing;
    this.#unwritten = new Map();
    const before = this.deps.now().getTime() - EVERY_MS;
    for (const [id, at] of this.#noted) if (at < before) this.#noted.delete(id);
    this.#writing = recordKeyUse(this.deps.db, uses, EVERY_MS).catch((error: unknown) => {
      for (const { apiKeyId } of uses) this.#noted.delete(apiKeyId);
      this.onTrouble(error);
    });
    return this.#writing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}
