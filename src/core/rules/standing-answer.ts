/** A memory as it was found for a standing question. */
export interface Found {
  id: string;
  /** Relevance to the question. */
  score: number;
  /** Share of the question's words that it holds. */
  lexical: number;
  /** Its validity has begun by the question's "now". */
  isBegun: boolean;
}

/** What an answer was given from. */
export interface Ground {
  found: readonly Found[];
  cited: ReadonlySet<string>;
}

/** A newcomer of at least this share of the relevance of a cited memory may be the better answer. */
const RIVAL_SHARE = 0.5;

const byId = (found: readonly Found[]): Map<string, Found> => new Map(found.map((one) => [one.id, one]));

/** Those that were not found when the answer was given. */
export function newcomers({ found }: Ground, now: readonly Found[]): Found[] {
  const known = byId(found);
  return now.filter(({ id }) => !known.has(id));
}

/** Cited memories that are found no more: replaced, ended, retracted, deleted, or behind better ones. */
export function missing({ cited }: Ground, now: readonly Found[]): string[] {
  const there = byId(now);
  return [...cited].filter((id) => !there.has(id));
}

/** Those found both times whose validity has begun since. */
export function begun({ found }: Ground, now: readonly Found[]): Found[] {
  const before = byId(found);
  return now.filter(({ id, isBegun }) => isBegun && before.get(id)?.isBegun === false);
}

/** Whether a newcomer speaks to the question about as much as what the answer leans on. */
function isRival({ score, lexical }: Found, { cited }: Ground, now: readonly Found[]): boolean {
  const scores = now.filter(({ id }) => cited.has(id)).map((one) => one.score);
  if (scores.length > 0) return score >= RIVAL_SHARE * Math.min(...scores);
  return lexical > 0 || score >= Math.max(...now.map((one) => one.score));
}

/**
 * Whether a model must be asked again: a memory that the answer leans on is found no more, one that was found has begun to hold, or
 * a newcomer may be the better answer. That the same memories come in another order changes nothing.
 */
export const mayChange = (ground: Ground, now: readonly Found[]): boolean =>
  missing(ground, now).length > 0 ||
  begun(ground, now).length > 0 ||
  newcomers(ground, now).some((one) => isRival(one, ground, now));

/**
 * Whether what was answered anew is worth telling: for a reason that lies in the memories. A model that is asked twice may put the
 * same thing in other words, or cite another memory that it had before.
 */
export function isChange(ground: Ground, now: readonly Found[], cited: ReadonlySet<string>): boolean {
  const joined = newcomers(ground, now).some(({ id }) => cited.has(id));
  return (
    joined ||
    missing(ground, now).length > 0 ||
    begun(ground, now).some(({ id }) => cited.has(id) || ground.cited.has(id))
  );
}
