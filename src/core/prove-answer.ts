import { readVersionsBeside } from '../store/memories.js';
import type { Caller, Deps } from './deps.js';
import type { MemoryRow } from './get-memory.js';
import type { Answer } from './query-memories.js';
import { answerHash, supersessionPaths, type Evidence, type SupersessionPath } from './rules/proof-tree.js';

export type { SupersessionPath } from './rules/proof-tree.js';

/** Changes with what `answerHash` binds. */
const VERSION = '1.0';

export interface ProofTree {
  version: string;
  question: string;
  /** See answerHash: binds the answer and all that was looked at. */
  answerHash: string;
  generatedAt: Date;
  /** How many memories were asked for. */
  limit: number;
  memoriesEvaluated: number;
  memoriesCited: number;
  tenantId: string | null;
  sources: readonly string[] | null;
  asOf: Answer['asOf'];
  /** Every memory that was retrieved, cited ones first. */
  evidence: readonly (Evidence & { memory: MemoryRow })[];
  supersessionPaths: readonly SupersessionPath[];
}

/** What an answer was given from, so that somebody else can check it: the retrieval, each memory with both its times, and how it came to be. */
export async function proveAnswer({ db, now }: Deps, { accountId }: Caller, answer: Answer): Promise<ProofTree> {
  const { question, citations, memories, asOf, asked } = answer;
  const cited = new Map(citations.map((citation) => [citation.memory.id, citation]));
  // Nothing cited, no citations: what was looked at is still evidence of that.
  const looked = citations.length > 0 ? citations.map(({ memory }) => memory) : memories;
  const evidence = looked.map((memory) => {
    const { index = null, isCited = false, similarity = 0 } = cited.get(memory.id) ?? {};
    return { memory, index, isCited, similarity };
  });
  const versions = await readVersionsBeside(
    db,
    accountId,
    looked.map(({ id }) => id),
  );
  return {
    version: VERSION,
    question,
    answerHash: answerHash(VERSION, question, answer.textWithCitations, evidence),
    generatedAt: now(),
    limit: asked.limit,
    memoriesEvaluated: evidence.length,
    memoriesCited: evidence.filter(({ isCited }) => isCited).length,
    tenantId: asked.tenantId,
    sources: asked.sources,
    asOf,
    evidence,
    supersessionPaths: supersessionPaths(versions),
  };
}
