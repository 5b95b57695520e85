import { AppError, isOutage } from '../errors.js';
import { AnswerNews } from './answer-news.js';
import { chooseLlm } from './choose-llm.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { explainChange, explainDepartures, type Departed, type Explanation } from './explain-change.js';
import { finishAnswer, nothingStored, type Answer, type Citation } from './finish-answer.js';
import { prepareQuestion, type PreparedQuestion, type QueryInput } from './prepare-question.js';
import { Pace } from './rules/pace.js';
import { begun, isChange, mayChange, newcomers, type Found, type Ground } from './rules/standing-answer.js';
import { endReply, RunningReply } from './running-reply.js';
import { nextInstant, type SharedQuestion } from './shared-question.js';
import type { Reading } from './states.js';

/** A lost hint costs at most this. */
const POLL_MS = 5_000;
/** Events of a burst that are further apart than this may each cost a look. */
const LOOK_EVERY_MS = 250;
/** Failures that pass by themselves. */
const PASSING = new Set(['UPSTREAM_UNAVAILABLE', 'LLM_RATE_LIMITED']);
const isPassing = (error: unknown): boolean =>
  isOutage(error) || (error instanceof AppError && PASSING.has(error.code));

export interface AnswerChange {
  answer: Answer;
  /** Null for the first answer. */
  why: Explanation | null;
  /** Citations of this answer that the one before did not have. */
  came: readonly Citation[];
  /** Memories that the answer before cited, and this one does not. */
  went: readonly Departed[];
}

/** Who asks what. */
export interface Desk {
  deps: Deps;
  caller: Caller;
  input: Unchecked<QueryInput>;
  signal: AbortSignal;
  query: Projection | undefined;
  question: SharedQuestion;
}

const foundIn = ({ memories, hits, input }: PreparedQuestion): Found[] =>
  memories.flatMap(({ id, validFrom, knownFrom }) => {
    const hit = hits.get(id);
    // One that held when it was stored has begun, whatever a clock says that has jumped back since.
    const isBegun = validFrom <= input.referenceDate || validFrom <= knownFrom;
    return hit ? [{ id, score: hit.score, lexical: hit.lexical, isBegun }] : [];
  });

const citedBy = ({ citations }: Answer): Citation[] => citations.filter(({ isCited }) => isCited);
const idsOf = (citations: readonly Citation[]): Set<string> => new Set(citations.map(({ memory }) => memory.id));

/** A question that is asked again as what is known changes. Holds its newest answer, and reads on in the events of the account. */
export class StandingAnswer {
  readonly #pace: Pace;
  readonly #news: AnswerNews;
  /** What the newest answer that was told was given from. */
  #ground: Ground = { found: [], cited: new Set() };
  #nextInstant: number;
  #mustLook = false;
  #lookedAt = -Infinity;

  constructor(
    readonly desk: Desk,
    public prepared: PreparedQuestion,
  ) {
    this.#pace = new Pace(desk.deps.config.standingAnswersPerMinute);
    // Read before anything was retrieved: whatever came since is looked at again.
    this.#news = new AnswerNews(desk.deps.db, desk.deps.tails, prepared);
    this.#nextInstant = nextInstant(prepared, this.#now());
  }

  async first(): Promise<Reading<AnswerChange>> {
    const answer = await this.#answer();
    const came = citedBy(answer);
    this.#ground = { found: foundIn(this.prepared), cited: idsOf(came) };
    return this.desk.deps.states.reading({ answer, why: null, came, went: [] });
  }

  close(): void {
    this.#news.close();
  }

  /** Waits for something to happen, and looks what it means; null if it means nothing. */
  async next(): Promise<Reading<AnswerChange> | null> {
    const { deps, caller, signal } = this.desk;
    const wait = new AbortController();
    const stop = (): void => wait.abort();
    // Not through AbortSignal.any: a signal that lives for days would remember each wait.
    signal.addEventListener('abort', stop);
    // Armed before the read, so that nothing falls between.
    const woken = deps.wakeups.next(caller.accountId, this.#pauseMs(), wait.signal);
    try {
      const didLook = this.#mustLook;
      if (await this.#news.read(this.prepared, signal)) {
        this.#mustLook = true;
        this.#pace.hurry();
      }
      this.#mustLook ||= deps.now().getTime() >= this.#nextInstant;
      if (this.#mustLook && this.#waitMs() <= 0) return await this.#look();
      // What was armed before it was known that there is something to look at would wait for too long.
      if (this.#mustLook === didLook && !signal.aborted) await Promise.race([woken, this.#news.more(wait.signal)]);
      return null;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** How long before it may be looked again. */
  #waitMs(): number {
    return Math.max(this.#pace.waitMs(this.#now()), this.#lookedAt + LOOK_EVERY_MS - performance.now());
  }

  #pauseMs(): number {
    return Math.min(POLL_MS, Math.max(0, this.#mustLook ? this.#waitMs() : this.#nextInstant - this.#now()));
  }

  #now(): number {
    return this.desk.deps.now().getTime();
  }

  async #look(): Promise<Reading<AnswerChange> | null> {
    const { deps, caller, input, query, question } = this.desk;
    this.#lookedAt = performance.now();
    const at = this.#now(); // an instant that passes while a model answers is still to come for what was found
    try {
      this.prepared = await question.find(this.#news.cursor, at, () =>
        prepareQuestion(deps, caller, { ...input, atLeast: undefined }, query),
      );
      const found = foundIn(this.prepared);
      const change = mayChange(this.#ground, found) ? await this.#compare(found, await this.#answer()) : null;
      this.#mustLook = false;
      this.#nextInstant = nextInstant(this.prepared, at);
      return change;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#pace.fail(this.#now());
      return null;
    }
  }

  async #answer(): Promise<Answer> {
    const { signal, question } = this.desk;
    if (this.prepared.memories.length === 0) return nothingStored(this.prepared);
    this.#pace.ask(this.#now());
    const answer = await question.answer(this.prepared, signal, () => this.#ask());
    this.#pace.succeed();
    return answer;
  }

  async #ask(): Promise<Answer> {
    const { deps, caller, signal } = this.desk;
    const llm = await chooseLlm(deps, caller.accountId, this.prepared.choice);
    const reply = new RunningReply(llm, this.prepared.input, signal);
    try {
      return await finishAnswer(deps, caller, this.prepared, await reply.whole);
    } finally {
      await endReply(deps, caller, this.prepared, reply);
    }
  }

  /** The change from the answer that was told last, as far as it is one. */
  async #compare(found: readonly Found[], answer: Answer): Promise<Reading<AnswerChange> | null> {
    const { deps, question } = this.desk;
    const ground = this.#ground;
    const cited = idsOf(citedBy(answer));
    if (!isChange(ground, found, cited)) {
      this.#ground = { found, cited: ground.cited };
      return null;
    }
    const before = JSON.stringify([[...ground.cited], ground.found]);
    const change = await question.tell(this.prepared, before, async () =>
      deps.states.reading(await this.#explain(ground, found, answer)),
    );
    this.#ground = { found, cited };
    return change;
  }

  async #explain(ground: Ground, found: readonly Found[], answer: Answer): Promise<AnswerChange> {
    const { deps, query } = this.desk;
    const cited = idsOf(citedBy(answer));
    const came = citedBy(answer).filter(({ memory }) => !ground.cited.has(memory.id));
    const change = {
      scope: this.prepared.scope,
      gone: [...ground.cited].filter((id) => !cited.has(id)),
      joined: newcomers(ground, found).flatMap(({ id }) => (cited.has(id) ? [id] : [])),
      hasBegun: begun(ground, found).length > 0,
    };
    const went = await explainDepartures(deps, change, query);
    return { answer, why: await explainChange(deps, change, went), came, went };
  }
}
