/** Tokens that one call to a model took; zero for the offline rules. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

/** Which model gave a reply, under which prompt, and what it cost. */
export interface Attribution {
  provider: string;
  model: string;
  promptVersion: string;
  usage: Usage;
}

export interface Message {
  role: 'user' | 'assistant' | 'system';
  content: string;
  /** Who speaks, where that is known: several people may share the role of the user. */
  name?: string | undefined;
}

/** A model that a caller brings along for one request; held in memory for that request alone. */
export interface LlmChoice {
  provider: 'anthropic' | 'openai' | 'azure' | 'gemini' | 'xai';
  /** The provider's id of it; for Azure the deployment's name. */
  model: string;
  apiKey: string;
  baseUrl?: string | undefined;
  /** Azure's API version. */
  apiVersion?: string | undefined;
}

export interface ExtractInput {
  messages: readonly Message[];
  /** When the conversation took place: what "yesterday" is relative to. */
  sessionDate: Date;
  /** Current facts of the same session, newest last: context to resolve who "I" is, never a source of new facts. */
  known: readonly string[];
}

/** One atomic, third-person fact. `messages[messageIndex].content.slice(span.start, span.end)` is the text that supports it. */
export interface ExtractedFact {
  text: string;
  topic: string;
  /** 1 (trivial) to 10 (critical). */
  importance: number;
  messageIndex: number;
  /** UTF-16 offsets into that message's content, end exclusive. */
  span: { start: number; end: number };
  /** Set only when the text itself dates the fact. */
  validFrom: Date | null;
}

export interface Extraction extends Attribution {
  facts: readonly ExtractedFact[];
}

export interface DatedText {
  text: string;
  topic: string;
  validFrom: Date;
}

export interface ClassifyInput {
  old: DatedText;
  new: DatedText;
}

/** supersedes: the old fact is no longer true; refines: both hold; independent: about something else. */
export type Verdict = 'supersedes' | 'refines' | 'independent';

export interface Classification extends Attribution {
  verdict: Verdict;
  /** 0 to 1. */
  confidence: number;
  /** One sentence for a reviewer. */
  reason: string;
}

export interface AnswerInput {
  question: string;
  /** Retrieved memories, best first; memory i is cited as [mem-(i + 1)]. */
  memories: readonly DatedText[];
  /** What "now" means for relative words in the question. */
  referenceDate: Date;
}

export interface Answer extends Attribution {
  /** Prose with inline markers [mem-N], N from 1 into the memories given. */
  text: string;
  /** False: nothing among the memories supports an answer, and the text says so. */
  isAnswered: boolean;
}

/** Who looks on while an answer is written. */
export interface AnswerWatch {
  /** Takes the text piece by piece as it is written. Joined, the pieces are the answer's text; none cuts a marker. */
  onText: (piece: string) => void;
  /** Told, before the call fails, what it took all the same, as far as is known. */
  onLoss: (spent: Attribution) => void;
  /** Breaks the call off: nobody waits for the answer any more. */
  signal: AbortSignal;
}

/**
 * A language model, or rules that stand in for one. Texts handed in are data: no implementation may follow
 * instructions found inside them. Every call may throw AppError UPSTREAM_FAILED or UPSTREAM_UNAVAILABLE.
 */
export interface Llm {
  /** Provider's name as the API shows it, e.g. "anthropic" or "offline". */
  readonly provider: string;
  extractFacts(input: ExtractInput): Promise<Extraction>;
  /** `model`: which classifier to ask, where the provider has several. */
  classify(input: ClassifyInput, model: string): Promise<Classification>;
  /** `watch`: to see the text while it is written. A call that failed before the first piece may have been made again, none after. */
  answer(input: AnswerInput, watch?: AnswerWatch): Promise<Answer>;
}
