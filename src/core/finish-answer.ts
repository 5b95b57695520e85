import type { Answer as Reply, Attribution } from '../models/llm.js';
import type { AsOf } from '../store/beliefs.js';
import type { MemoryRow } from '../store/memories.js';
import { countTokens } from './count-tokens.js';
import type { Caller, Deps } from './deps.js';
import { rememberAnswer } from './own-words.js';
import type { PreparedQuestion } from './prepare-question.js';
import { checkSentence, type CheckedCitation, type CheckedSentence } from './rules/checked-sentence.js';
import { framed, toCitations } from './rules/citations.js';
import { sentencesOf } from './rules/sentences.js';
import { nameOfUser } from './rules/subject.js';

export type { Doubt } from './rules/support.js';

/** The documented reply to a question about nothing; no model is asked. */
export const NOTHING_STORED = 'No memories found for this company yet.';

export interface Citation {
  /** N of the marker [mem-N], from 1. */
  index: number;
  memory: MemoryRow;
  /** Cosine of question and memory, 0 to 1. */
  similarity: number;
  isCited: boolean;
  /** Places of the sentences that cite it, from 1. */
  sentences: readonly number[];
}

/** What one sentence cites. */
export interface SentenceCitation extends Omit<CheckedCitation<MemoryRow>, 'hit'> {
  memory: MemoryRow;
  similarity: number;
}

export interface AnswerSentence extends Omit<CheckedSentence<MemoryRow>, 'citations'> {
  citations: readonly SentenceCitation[];
}

export interface Answer {
  question: string;
  text: string;
  textWithCitations: string;
  /** False: nothing that was retrieved supports an answer. */
  isAnswered: boolean;
  citations: readonly Citation[];
  /** Each with what it cites, held against the memories' texts. */
  sentences: readonly AnswerSentence[];
  /** Everything retrieved, best first. */
  memories: readonly MemoryRow[];
  memoriesSearched: number;
  /** Who answered, and what it took; null where no model was asked. */
  attribution: (Attribution & { isByoLlm: boolean }) | null;
  /** The cell of time it was asked about; empty for now. */
  asOf: AsOf;
  /** What was retrieved by. */
  asked: PreparedQuestion['asked'];
  /** The state of knowledge it was given in. */
  cursor: bigint;
}

/** What an answer about the past begins with, whatever the model writes; null for now. */
export function frameOf({ asOf: { valid, known } }: PreparedQuestion): string | null {
  const at = valid ?? known;
  return at ? `As of ${at.toISOString().slice(0, 10)}: ` : null;
}

const similarityOf = ({ hits }: PreparedQuestion, { id }: MemoryRow): number => hits.get(id)?.similarity ?? 0;

/** Holds the sentences of one answer against the memories that they cite; `cited`: the memory behind marker N is at N - 1. */
export function sentenceChecker(prepared: PreparedQuestion) {
  const userName = nameOfUser(prepared.memories.map(({ text }) => text));
  return (sentence: string, index: number, cited: readonly MemoryRow[]): AnswerSentence => {
    const checked = checkSentence(sentence, index, cited, { question: prepared.question, userName });
    const citations = checked.citations.map(({ hit, ...citation }) => ({
      ...citation,
      memory: hit,
      similarity: similarityOf(prepared, hit),
    }));
    return { ...checked, citations };
  };
}

/** The answer to a question for which nothing is stored. */
export const nothingStored = (prepared: PreparedQuestion): Answer => ({
  ...about(prepared),
  text: NOTHING_STORED,
  textWithCitations: NOTHING_STORED,
  isAnswered: false,
  citations: [],
  sentences: [sentenceChecker(prepared)(NOTHING_STORED, 1, [])],
  attribution: null,
});

/** A model's reply as an answer: counted, its citations settled and checked, and remembered as the server's own words. */
export async function finishAnswer(
  deps: Deps,
  caller: Caller,
  prepared: PreparedQuestion,
  { text: said, isAnswered, ...attribution }: Reply,
): Promise<Answer> {
  const { memories } = prepared;
  const spent = { ...attribution, isByoLlm: prepared.choice !== undefined };
  await countTokens(deps, caller, [{ ...spent, purpose: 'ANSWER' }]);
  const { citations, ...texts } = toCitations(framed(said, frameOf(prepared)), memories);
  if (citations.length > 0) await rememberAnswer(deps, prepared.scope, texts.text, memories);
  const check = sentenceChecker(prepared);
  const cited = citations.map(({ hit }) => hit);
  return {
    ...about(prepared),
    ...texts,
    // An answer that cites nothing is grounded in nothing, whatever the model says of it.
    isAnswered: isAnswered && citations.length > 0,
    attribution: spent,
    citations: citations.map(({ hit, ...citation }) => ({
      ...citation,
      memory: hit,
      similarity: similarityOf(prepared, hit),
    })),
    sentences: sentencesOf(texts.textWithCitations).map((sentence, i) => check(sentence, i + 1, cited)),
  };
}

const about = ({ question, memories, asOf, asked, cursor }: PreparedQuestion) => ({
  question,
  memories,
  memoriesSearched: memories.length,
  asOf,
  asked,
  cursor,
});
