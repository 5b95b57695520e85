interface Candidate {
  text: string;
  /** Cosine with the text that is compared, 0 to 1. */
  similarity: number;
}

/**
 * Words by their beginnings, so that "lives" and "living" count as one: crude, and the same for both sides. What has a digit
 * counts whole, and alone: by the 1 of "team 1" it is told from seven other teams of which the same is said.
 */
const stemsOf = (text: string): Set<string> =>
  new Set(
    [...text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)].flatMap(([word]) => {
      if (/\p{N}/u.test(word)) return word;
      return word.length > 1 ? word.slice(0, 5) : [];
    }),
  );

/** What a fact is about stands first in it: "Alice moved to Oslo", "The invoice tool runs on Postgres". */
const SUBJECT = /^\W*(?:(?:the|a|an|my|our|his|her|their)\s+)?([\p{L}\p{N}]+)/iu;
const subjectOf = (text: string): string => SUBJECT.exec(text)?.[1]?.toLowerCase() ?? '';
const SAME_SUBJECT = 1;

/**
 * The candidates that a text is most likely about, best first: cosine plus shared words, each weighed by how rare it is
 * among the candidates (inverse document frequency). One with the same subject comes
 * before those that say the same of somebody else.
 */
export function shortlist<Item extends Candidate>(text: string, candidates: readonly Item[], limit: number): Item[] {
  const subject = subjectOf(text);
  const words = stemsOf(text);
  const stems = candidates.map((candidate) => stemsOf(candidate.text));
  const weightOf = (word: string): number =>
    Math.log(1 + candidates.length / (1 + stems.filter((others) => others.has(word)).length));
  const weights = new Map([...words].map((word) => [word, weightOf(word)]));
  const whole = [...weights.values()].reduce((sum, weight) => sum + weight, 0) || 1;
  const shared = (others: ReadonlySet<string>): number =>
    [...weights].reduce((sum, [word, weight]) => sum + (others.has(word) ? weight : 0), 0) / whole;
  return candidates
    .map((item, i) => {
      const isOfSame = subjectOf(item.text) === subject;
      return { item, score: item.similarity + shared(stems[i] ?? new Set()) + (isOfSame ? SAME_SUBJECT : 0) };
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ item }) => item);
}
