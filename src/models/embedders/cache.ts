import { createHash } from 'node:crypto';
import type { Embedder, Purpose } from '../embedder.js';

/** Of vectors, all together; what is kept besides them is small. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** What was used longest ago goes first: a Map gives its keys in the order in which they were set. */
class Recent<Value> {
  readonly #entries = new Map<string, Value>();

  constructor(private readonly size: number) {}

  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.size > this.size ? this.#entries.keys() : [];
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Unless another value has taken its place. */
  delete(key: string, value: Value): void {
    if (this.#entries.get(key) === value) this.#entries.delete(key);
  }
}

/** By a hash: the cache holds no text, and a long one costs no more than a short one. */
const keyOf = (text: string, purpose: Purpose): string =>
  createHash('sha256').update(`${purpose}\n${text}`).digest('base64');

/**
 * Remembers what was embedded lately, for all requests together; of one text asked for twice at the same time too, the
 * model is asked once. What failed is not remembered.
 */
export function cached(embedder: Embedder, bytes = CACHE_BYTES): Embedder {
  const recent = new Recent<Promise<Float32Array>>(Math.floor(bytes / (4 * embedder.dimensions)));
  return {
    id: embedder.id,
    dimensions: embedder.dimensions,
    forget: () => recent.clear(),
    async embed(texts, purpose = 'document') {
      const found = new Map<string, Promise<Float32Array>>();
      const missing = new Map<string, string>();
      const keys = texts.map((text) => keyOf(text, purpose));
      keys.forEach((key, i) => {
        const known = found.get(key) ?? recent.get(key);
        if (known) found.set(key, known);
        else missing.set(key, texts[i] ?? '');
      });
      if (missing.size > 0) {
        const asked = embedder.embed([...missing.values()], purpose);
        [...missing.keys()].forEach((key, i) => {
          const vector = asked.then((vectors) => vectors[i] ?? new Float32Array(embedder.dimensions));
          vector.catch(() => recent.delete(key, vector));
          recent.set(key, vector);
          found.set(key, vector);
        });
      }
      return Promise.all(keys.map((key) => found.get(key) ?? Promise.resolve(new Float32Array(embedder.dimensions))));
    },
  };
}
