import type { Classification } from '../models/llm.js';
import type { Settings } from '../store/accounts.js';
import type { Scope } from '../store/listing.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import { rankMemories } from '../store/ranking.js';
import type { Deps } from './deps.js';
import type { Draft } from './draft-facts.js';
import { excludedCategory, isActionable } from './rules/supersession.js';

/** What was found about one draft and one memory that is current. */
export interface Decision extends Classification {
  rivalId: string;
  /** Sure enough to close a window. */
  isActionable: boolean;
}

export interface JudgedDraft {
  draft: Draft;
  /** Whether the classifier was asked at all, and if not, why. */
  hasRun: boolean;
  skippedReason: string | null;
  candidatesExamined: number;
  decisions: readonly Decision[];
}

/** How many of the nearest current memories the classifier sees per fact. */
const CANDIDATES = 5;

/**
 * Asks, for each draft, which current memories it replaces. Slow: it runs before the transaction, which checks again
 * that a memory to be closed is still current, and asks for another round about those that came meanwhile.
 */
export async function judgeDrafts(
  deps: Deps,
  scope: Scope,
  drafts: readonly Draft[],
  settings: Settings,
  isEnabled: boolean,
): Promise<JudgedDraft[]> {
  const judged: JudgedDraft[] = [];
  for (const draft of drafts) judged.push(await judge(deps, scope, draft, settings, isEnabled));
  return judged;
}

/** Another round, about the memories that were stored after `since` alone; what was found before stays. */
export async function judgeNewcomers(
  deps: Deps,
  scope: Scope,
  judged: readonly JudgedDraft[],
  settings: Settings,
  since: bigint,
): Promise<JudgedDraft[]> {
  const again: JudgedDraft[] = [];
  for (const before of judged) {
    if (!before.hasRun) {
      again.push(before);
      continue;
    }
    const decisions = await decideAll(deps, scope, before.draft, settings, since);
    again.push({
      ...before,
      candidatesExamined: before.candidatesExamined + decisions.length,
      decisions: [...decisions, ...before.decisions],
    });
  }
  return again;
}

async function judge(
  deps: Deps,
  scope: Scope,
  draft: Draft,
  settings: Settings,
  isEnabled: boolean,
): Promise<JudgedDraft> {
  const skip = (skippedReason: string): JudgedDraft => ({
    draft,
    hasRun: false,
    skippedReason,
    candidatesExamined: 0,
    decisions: [],
  });
  if (!isEnabled) return skip('auto_supersede disabled');
  const excluded = excludedCategory(draft, settings.excludedCategories);
  if (excluded !== null) return skip(`category ${excluded} is excluded`);

  const decisions = await decideAll(deps, scope, draft, settings);
  return { draft, hasRun: true, skippedReason: null, candidatesExamined: decisions.length, decisions };
}

async function decideAll(
  deps: Deps,
  scope: Scope,
  draft: Draft,
  settings: Settings,
  since?: bigint,
): Promise<Decision[]> {
  const rivals = await nearestCurrent(deps, scope, draft, since);
  const open = rivals.filter((rival) => excludedCategory(rival, settings.excludedCategories) === null);
  return Promise.all(open.map((rival) => decide(deps, draft, rival, settings)));
}

async function nearestCurrent(
  { db, embedder, now }: Deps,
  scope: Scope,
  draft: Draft,
  createdAfter: bigint | undefined,
): Promise<MemoryRow[]> {
  const search = { text: draft.text, vector: draft.embedding, embeddingModel: embedder.id, limit: CANDIDATES };
  const ranked = await rankMemories(db, scope, { createdAfter }, { asOf: {}, now: now() }, search);
  return readMemories(
    db,
    scope.accountId,
    ranked.map(({ id }) => id),
    {},
  );
}

async function decide({ llm, now }: Deps, draft: Draft, rival: MemoryRow, settings: Settings): Promise<Decision> {
  const fresh = { text: draft.text, topic: draft.topic, validFrom: draft.validFrom ?? now() };
  // The question is whether the later one replaces the earlier: a back-dated fact may be the older of the two.
  const isBackDated = fresh.validFrom < rival.validFrom;
  const classification = await llm.classify(
    isBackDated ? { old: fresh, new: rival } : { old: rival, new: fresh },
    settings.classifierModel,
  );
  return {
    ...classification,
    rivalId: rival.id,
    isActionable: isActionable(classification, settings.minConfidence),
  };
}
