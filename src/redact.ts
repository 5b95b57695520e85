import type { Config } from './config.js';

const HIDDEN = '[redacted]';
/** Shorter ones would be found in words that are no secret. */
const SHORTEST = 8;

/**
 * What secrets look like: this server's keys (whose public id may be shown), those of model providers and of webhooks, tokens in a
 * header, and a password in a URL.
 */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/aurra_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}/g, `aurra_$1_${HIDDEN}`],
  [/\b(?:sk|pk|rk|gsk|pa|xai|jina|hf)[-_][\w-]{16,}/g, HIDDEN],
  [/\bAIza[\w-]{30,}/g, HIDDEN],
  [/\bya29\.[\w.-]{20,}/g, HIDDEN],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]+)?/g, HIDDEN],
  [/\bwhsec_[\w+/=-]{20,}/g, HIDDEN],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\b([a-z][a-z\d+.-]*:\/\/[^\s:/@"]*):[^\s/@"]+@/gi, `$1:${HIDDEN}@`],
];

/** The secrets that the settings hold, in each form in which a library may write them. */
export function secretsIn({ database, anthropic, openai, embedding, reranker }: Config): string[] {
  const keys = [anthropic, openai, embedding, reranker].map((one) => (one && 'apiKey' in one ? one.apiKey : undefined));
  const encoded = database.kind === 'postgres' ? new URL(database.url).password : '';
  const values = [...keys, encoded, decoded(encoded)].filter((one) => one !== undefined);
  const forms = values.flatMap((one) => [one, JSON.stringify(one).slice(1, -1), encodeURIComponent(one)]);
  return [...new Set(forms)].filter(({ length }) => length >= SHORTEST);
}

/** As a driver reads it; what is not encoded rightly is read as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Hides what looks like a secret, or is one of `secrets`: the last net under lines that should hold none. */
export function redact(line: string, secrets: readonly string[] = []): string {
  const known = secrets.reduce((text, secret) => text.replaceAll(secret, HIDDEN), line);
  return SHAPES.reduce((text, [shape, shown]) => text.replace(shape, shown), known);
}
