import type { Classification } from '../models/llm.js';
import type { Settings } from '../store/accounts.js';
import type { Scope } from '../store/listing.js';
import { nearestCurrent, readIntroductions } from '../store/nearest.js';
import type { Deps } from './deps.js';
import type { Draft } from './draft-facts.js';
import { fewAtOnce } from './few-at-once.js';
import { shortlist } from './rules/shortlist.js';
import { isOfUser, nameOfUser, withName } from './rules/subject.js';
import { excludedCategory, isActionable, isProposable } from './rules/supersession.js';

/** What was found about one draft and one memory that is current, or one draft before it. */
export interface Decision extends Classification {
  rivalId: string;
  /** Sure enough to close a window. */
  isActionable: boolean;
  /** Not sure enough, and left to a person. */
  isProposable: boolean;
  /** The new one is true from an earlier time: it would be the one that is replaced. */
  isBackDated: boolean;
}

export interface JudgedDraft {
  draft: Draft;
  /** Whether the classifier was asked at all, and if not, why. */
  hasRun: boolean;
  skippedReason: string | null;
  candidatesExamined: number;
  decisions: readonly Decision[];
}

/** What one write is judged in. */
export interface Judging {
  deps: Deps;
  scope: Scope;
  settings: Settings;
}

/** How many of the nearest current memories the classifier sees per fact, besides the nearest facts of the same write. */
const CANDIDATES = 5;
/** Of two facts of one write: below this likeness they are not about one thing. */
const LEAST_LIKENESS = 0.2;

interface Rival {
  id: string;
  text: string;
  topic: string;
  validFrom: Date;
}

/**
 * Asks, for each draft, which current memories it replaces, and which drafts before it: a conversation may tell of a
 * change and of what it changed. Slow: it runs before the transaction, which checks again that a memory to be closed is
 * still current, and asks for another round about those that came meanwhile.
 */
export async function judgeDrafts(
  judging: Judging,
  drafts: readonly Draft[],
  isEnabled: boolean,
): Promise<JudgedDraft[]> {
  if (!isEnabled) return drafts.map((draft) => unjudged(draft, 'auto_supersede disabled'));
  const nameUpTo = nameOfUserIn(judging, drafts);
  return fewAtOnce(drafts, async (draft, index) => {
    const skippedReason = whySkipped(draft, judging.settings);
    if (skippedReason !== null) return unjudged(draft, skippedReason);
    const decisions = await decideAll(judging, draft, drafts.slice(0, index), () => nameUpTo(index));
    return { draft, hasRun: true, skippedReason: null, candidatesExamined: decisions.length, decisions };
  });
}

/** Another round, about the memories that were stored after `since` alone; what was found before stays. */
export async function judgeNewcomers(
  judging: Judging,
  judged: readonly JudgedDraft[],
  since: bigint,
): Promise<JudgedDraft[]> {
  const drafts = judged.map(({ draft }) => draft);
  const nameUpTo = nameOfUserIn(judging, drafts);
  return fewAtOnce(judged, async (before, index) => {
    if (!before.hasRun) return before;
    const decisions = await decideAll(judging, before.draft, [], () => nameUpTo(index), since);
    return {
      ...before,
      candidatesExamined: before.candidatesExamined + decisions.length,
      decisions: [...decisions, ...before.decisions],
    };
  });
}

const unjudged = (draft: Draft, skippedReason: string): JudgedDraft => ({
  draft,
  hasRun: false,
  skippedReason,
  candidatesExamined: 0,
  decisions: [],
});

function whySkipped(fact: { topic: string; text: string }, { excludedCategories }: Settings): string | null {
  const excluded = excludedCategory(fact, excludedCategories);
  return excluded === null ? null : `category ${excluded} is excluded`;
}

async function decideAll(
  judging: Judging,
  draft: Draft,
  before: readonly Draft[],
  findName: () => Promise<string | null>,
  since?: bigint,
): Promise<Decision[]> {
  const { deps, scope, settings } = judging;
  const { text, embedding: vector } = draft;
  const search = { text, vector, embeddingModel: deps.embedder.id, createdAfter: since };
  const { nearest, isLarge } = await nearestCurrent(
    deps.db,
    scope,
    search,
    deps.now(),
    deps.scopeSizes.isIndexed(scope),
  );
  if (isLarge) {
    deps.scopeSizes.setIndexed(scope);
    deps.indexing.look(scope);
  }
  const stored = shortlist(text, nearest, CANDIDATES);
  const rivals: Rival[] = [...nearestDrafts(draft, before, deps.now()), ...stored];
  // Excluded ones never reach a model.
  const open = rivals.filter((rival) => whySkipped(rival, settings) === null);
  const name = await nameFor([draft, ...open], findName);
  return Promise.all(open.map((rival) => decide(judging, draft, rival, name)));
}

/** Drafts of the same write that could be about the same thing, most alike first. */
function nearestDrafts({ embedding }: Draft, before: readonly Draft[], now: Date): Rival[] {
  const nearest: { draft: Draft; alike: number }[] = [];
  for (const draft of before) {
    const alike = likeness(draft.embedding, embedding);
    if (alike < LEAST_LIKENESS || (nearest.length === CANDIDATES && alike <= (nearest.at(-1)?.alike ?? 0))) continue;
    const place = nearest.findIndex((other) => other.alike < alike);
    nearest.splice(place === -1 ? nearest.length : place, 0, { draft, alike });
    nearest.length = Math.min(nearest.length, CANDIDATES);
  }
  return nearest.map(({ draft: { id, text, topic, validFrom = now } }) => ({ id, text, topic, validFrom }));
}

/** A loop, as each fact of a write is compared with all before it: millions of times in a long conversation. */
function likeness(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += (one[i] ?? 0) * (other[i] ?? 0);
  return sum;
}

/** "User lives in Oslo" and "Alice moved to Rome" are about one person, where it is known that the user is Alice. */
async function nameFor(
  compared: readonly { text: string }[],
  findName: () => Promise<string | null>,
): Promise<string | null> {
  const ofUser = compared.filter(({ text }) => isOfUser(text)).length;
  return ofUser === 0 || ofUser === compared.length ? null : findName();
}

/** The user's name by what is stored and by the drafts up to one of them: looked for once in a write, however many facts it has. */
function nameOfUserIn({ deps, scope }: Judging, drafts: readonly Draft[]): (index: number) => Promise<string | null> {
  const told = drafts.flatMap(({ text }, at) => (nameOfUser([text]) === null ? [] : [{ at, text }]));
  let stored: Promise<string[]> | undefined;
  return async (index) => {
    stored ??= readIntroductions(deps.db, scope);
    return nameOfUser([...told.flatMap(({ at, text }) => (at <= index ? text : [])), ...(await stored)]);
  };
}

async function decide(
  { deps: { llm, now }, settings }: Judging,
  draft: Draft,
  rival: Rival,
  name: string | null,
): Promise<Decision> {
  const fresh = { text: withName(draft.text, name), topic: draft.topic, validFrom: draft.validFrom ?? now() };
  const known = { text: withName(rival.text, name), topic: rival.topic, validFrom: rival.validFrom };
  // The question is whether the later one replaces the earlier: a back-dated fact may be the older of the two.
  const isBackDated = fresh.validFrom < known.validFrom;
  const classification = await llm.classify(
    isBackDated ? { old: fresh, new: known } : { old: known, new: fresh },
    settings.classifierModel,
  );
  return {
    ...classification,
    rivalId: rival.id,
    isActionable: isActionable(classification, settings.minConfidence),
    isProposable: isProposable(classification, settings.minConfidence),
    isBackDated,
  };
}
