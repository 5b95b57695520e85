import { readApiKeyByPublicId, type StoredKey } from '../store/api-keys.js';
import type { Deps } from './deps.js';
import { nameOfShown, type ApiKeyParts } from './rules/api-key.js';
import { hasSecret } from './rules/key-proof.js';
import { whateverTheTime } from './within-time.js';

/** Whatever happens to a key is heard of within a second, also where nobody was told: what is known of it lives for less. */
const FRESH_MS = 900;
const MOST_KEPT = 10_000;

interface Known {
  /** When the database was asked, not when it answered: what was changed in between is not in the answer. */
  askedAt: number;
  found: Promise<StoredKey | null>;
  /** Undefined until it is there; where it was before, as it was then. */
  key?: StoredKey | undefined;
}

/**
 * What was found of keys a moment ago, by the hash of what was shown, so that a key in use costs a statement a second and not
 * one a request. Requests that come at once share one. Of keys that there are not, and of wrong secrets of those that there are, nothing
 * is kept: they would drive out the others.
 */
export class KnownKeys {
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly db: Deps['db'],
    private readonly freshMs = FRESH_MS,
  ) {}

  find(shown: ApiKeyParts): Promise<StoredKey | null> {
    const name = nameOfShown(shown);
    const known = this.#known.get(name);
    this.#known.delete(name);
    if (known && performance.now() - known.askedAt < this.freshMs) {
      this.#known.set(name, known); // the latest used is the last to go
      return known.found;
    }
    return this.#ask(name, shown, known?.key);
  }

  #ask(name: string, { publicId, secretHash }: ApiKeyParts, before: StoredKey | undefined): Promise<StoredKey | null> {
    const found = whateverTheTime(async () => await readApiKeyByPublicId(this.db, publicId));
    const asked: Known = { askedAt: performance.now(), found, key: before };
    this.#known.set(name, asked);
    const forget = (): void => {
      if (this.#known.get(name) === asked) this.#known.delete(name);
    };
    found.then((key) => (key && hasSecret(key, secretHash) ? (asked.key = key) : forget()), forget);
    if (this.#known.size > MOST_KEPT) this.#known.delete(this.#known.keys().next().value ?? '');
    return found;
  }

  /** Whether a key was shown before that is one, however long ago: unless it was changed, or many others were since. */
  wasProven(shown: ApiKeyParts): boolean {
    return this.#known.get(nameOfShown(shown))?.key !== undefined;
  }

  /** A key was changed. Answers that are on their way may be from before. */
  forgetKey(apiKeyId: string): void {
    this.#forget(({ key }) => key === undefined || key.id === apiKeyId);
  }

  /** The plan of an account was changed, which its keys are known with. */
  forgetAccount(accountId: string): void {
    this.#forget(({ key }) => key === undefined || key.accountId === accountId);
  }

  #forget(isStale: (known: Known) => boolean): void {
    for (const [name, known] of this.#known) if (isStale(known)) this.#known.delete(name);
  }
}
