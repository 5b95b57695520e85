import type { Verdict } from '../llm.js';
import type { Fact } from './fact.js';

/** What one rule says of a pair of facts. */
export interface Ruling {
  verdict: Verdict;
  confidence: number;
  reason: string;
}

/** A rule looks for one kind of evidence and says nothing when it finds none. */
export type Rule = (old: Fact, fresh: Fact) => Ruling | null;

export const supersedes = (confidence: number, reason: string): Ruling => ({
  verdict: 'supersedes',
  confidence,
  reason,
});
export const refines = (confidence: number, reason: string): Ruling => ({ verdict: 'refines', confidence, reason });
export const independent = (confidence: number, reason: string): Ruling => ({
  verdict: 'independent',
  confidence,
  reason,
});
