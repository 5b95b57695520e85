export type ImportanceWord = 'low' | 'medium' | 'high';

const DEFAULT_SCORE = 5;
const SCORES: Readonly<Record<string, number>> = { low: 2, medium: 5, high: 8 };

/** A score from 1 to 10: the number if one was sent (clamped), else the legacy word's, else 5. */
export function importanceScore(score: number | undefined, word: string | undefined): number {
  if (score !== undefined) return Math.min(10, Math.max(1, Math.round(score)));
  return word === undefined ? DEFAULT_SCORE : (SCORES[word.toLowerCase()] ?? DEFAULT_SCORE);
}

/** The legacy word: the one that was sent, else from 7 high, from 4 medium, else low. */
export function importanceWord(score: number, sent: string | null): string {
  return sent ?? (score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low');
}
