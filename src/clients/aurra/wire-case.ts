/** Keys whose values are the caller's own words, not names of ours. */
const OPAQUE = new Set(['details']);

type Json = unknown;
const isRecord = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapKeys = (value: Json, rename: (name: string) => string): Json => {
  if (Array.isArray(value)) return value.map((one: Json) => mapKeys(one, rename));
  if (!isRecord(value)) return value;
  const pairs = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    pairs.map(([name, inner]) => [rename(name), OPAQUE.has(name) ? inner : mapKeys(inner, rename)]),
  );
};

/** A reply with its names as JavaScript writes them; values are left as they are. */
export const toCamel = (value: Json): Json =>
  mapKeys(value, (name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));

/** A request with its names as the wire writes them; what is undefined is left out. */
export const toSnake = (value: Json): Json =>
  mapKeys(value, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
