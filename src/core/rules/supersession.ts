import type { Classification } from '../../models/llm.js';

/** A verdict that may change state: it says "supersedes" and is sure enough. Anything else only adds a fact. */
export const isActionable = ({ verdict, confidence }: Classification, minConfidence: number): boolean =>
  verdict === 'supersedes' && confidence >= minConfidence;

/** A verdict that a person should look at: it says "supersedes", and is not sure enough to act on. */
export const isProposable = (classification: Classification, minConfidence: number): boolean =>
  classification.verdict === 'supersedes' && !isActionable(classification, minConfidence);

// Names under which a topic may hide. The gate is code, not a model: a category that is excluded never reaches one.
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  health_medical: ['health', 'medical', 'medication', 'medicine', 'allergy', 'allergies', 'diagnosis'],
  legal_status: ['legal', 'immigration', 'visa', 'citizenship', 'lawsuit', 'criminal'],
};

// What the default categories are about, for facts whose topic does not say so.
const SIGNS: Readonly<Record<string, RegExp>> = {
  health_medical:
    /\b(?:allerg\w*|diagnos\w*|medicat\w*|medicine|prescri\w*|dos(?:e|age)|mg|blood (?:type|pressure)|insulin|diabet\w*|asthma\w*|cancer|pregnan\w*|surger\w*|therap(?:y|ist)|vaccin\w*|symptom\w*|disease|disorder|depress(?:ed|ion)|anxiety|HIV)\b/i,
  legal_status:
    /\b(?:visa|green card|asylum|citizen(?:ship)?|immigra\w*|deport\w*|lawsuit|sued|convict\w*|felon\w*|probation|parole|custody|bankrupt\w*|residence permit|arrest(?:ed)?)\b/i,
};

const normalised = (topic: string): string => topic.toLowerCase().replace(/[^a-z0-9]+/g, '_');

/** The first excluded category that a fact belongs to, by its topic or by what it says; null if none. */
export function excludedCategory(
  fact: { topic: string; text: string },
  excludedCategories: readonly string[],
): string | null {
  const topic = normalised(fact.topic);
  return (
    excludedCategories.find((category) => {
      const id = normalised(category);
      const names = [id, ...(ALIASES[id] ?? [])];
      return names.some((name) => topic === name || topic.split('_').includes(name)) || SIGNS[id]?.test(fact.text);
    }) ?? null
  );
}
