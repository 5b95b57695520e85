import { markersIn, withoutMarkers } from './citations.js';
import { doubtOf, touches, type Doubt, type Evidence } from './support.js';

/** Markers beside one another speak for one statement together. */
const RUN = /(?:(?<!\s)\s*\[mem-\d+\])+/g;

export interface Statement {
  said: string;
  /** N of the markers that stand for it. */
  cited: readonly number[];
}

/** The statements of a sentence: what stands before each run of markers; what follows the last one belongs to it. */
export function statementsOf(sentence: string): Statement[] {
  const runs = [...sentence.matchAll(RUN)];
  return runs.map((run, i) => {
    const before = runs[i - 1];
    const from = before ? before.index + before[0].length : 0;
    const to = i === runs.length - 1 ? sentence.length : run.index;
    const said = withoutMarkers(sentence.slice(from, to));
    // A marker in front of all words stands for the whole sentence.
    return { said: /[\p{L}\p{N}]/u.test(said) ? said : withoutMarkers(sentence), cited: markersIn(run[0]) };
  });
}

export interface CheckedCitation<Hit> {
  /** N of the marker [mem-N]. */
  index: number;
  hit: Hit;
  /** Why the memory's text does not bear out what it is cited for; null if it does. */
  doubt: Doubt | null;
}

export interface CheckedSentence<Hit> {
  /** Its place in the answer, from 1. */
  index: number;
  text: string;
  textWithCitations: string;
  citations: readonly CheckedCitation<Hit>[];
  /** It cites something, and every memory that it cites bears out what it is cited for. */
  isSupported: boolean;
}

/** A sentence with what it cites, each held against the memory's own text. `cited`: the memory behind marker N is at N - 1. */
export function checkSentence<Hit extends Evidence['memories'][number]>(
  sentence: string,
  index: number,
  cited: readonly Hit[],
  about: Omit<Evidence, 'memories'>,
): CheckedSentence<Hit> {
  const citations = new Map<number, CheckedCitation<Hit>>();
  for (const { said, cited: markers } of statementsOf(sentence)) {
    const hits = markers.flatMap((marker) => cited[marker - 1] ?? []);
    const doubt = doubtOf(said, { ...about, memories: hits });
    for (const marker of markers) {
      const hit = cited[marker - 1];
      if (!hit) continue;
      const own = doubt ?? (touches(said, hit) ? null : 'WORDS');
      citations.set(marker, { index: marker, hit, doubt: citations.get(marker)?.doubt ?? own });
    }
  }
  const all = [...citations.values()];
  return {
    index,
    text: withoutMarkers(sentence),
    textWithCitations: sentence,
    citations: all,
    isSupported: all.length > 0 && all.every(({ doubt }) => doubt === null),
  };
}
