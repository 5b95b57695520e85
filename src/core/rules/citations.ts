import { sentencesOf } from './sentences.js';

export interface Citations<Hit> {
  text: string;
  textWithCitations: string;
  /** Cited ones first, numbered as the markers; then the others. Empty when nothing was cited. */
  citations: readonly { index: number; hit: Hit; isCited: boolean; sentences: number[] }[];
}

const MARKER = /\[mem-(\d+)\]/g;

/** Gives the memories that an answer cites their numbers, in order of appearance. */
export class Numbering {
  /** Positions of the cited memories among those given; marker N is the one at N - 1. */
  readonly order: number[] = [];

  constructor(readonly memoryCount: number) {}

  /** The text with its markers renumbered, and without those of memories that were not given. */
  apply(text: string): string {
    return text.replace(MARKER, (_marker, digits: string) => {
      const position = Number(digits) - 1;
      if (position < 0 || position >= this.memoryCount) return '';
      if (!this.order.includes(position)) this.order.push(position);
      return `[mem-${this.order.indexOf(position) + 1}]`;
    });
  }
}

/** The numbers N of the markers [mem-N] in a text, each once. */
export const markersIn = (text: string): number[] => [
  ...new Set([...text.matchAll(MARKER)].map(([, digits]) => Number(digits))),
];

export const withoutMarkers = (text: string): string => tidy(text.replace(MARKER, '')).trim();

/**
 * Turns a model's `[mem-N]` markers (N counts the memories it was given) into citations. A marker for a memory that was
 * not given is dropped: an answer cites only what was retrieved for it. The rest is renumbered in order of appearance,
 * so that marker N is the citation with index N.
 */
export function toCitations<Hit>(answer: string, hits: readonly Hit[]): Citations<Hit> {
  const numbering = new Numbering(hits.length);
  const textWithCitations = tidy(numbering.apply(answer)).trim();
  const { order } = numbering;
  const cited = sentencesOf(textWithCitations).map(markersIn);
  const uncited = hits.map((_hit, position) => position).filter((position) => !order.includes(position));
  const ranked = order.length === 0 ? [] : [...order, ...uncited];
  return {
    text: withoutMarkers(textWithCitations),
    textWithCitations,
    citations: ranked.flatMap((position, i) => {
      const hit = hits[position];
      const sentences = cited.flatMap((markers, number) => (markers.includes(i + 1) ? [number + 1] : []));
      return hit === undefined ? [] : [{ index: i + 1, hit, isCited: i < order.length, sentences }];
    }),
  };
}

/** Closes the gaps that removed markers leave. */
export const tidy = (text: string): string =>
  text.replace(/[ \t]{2,}/g, ' ').replace(/(?<![ \t])[ \t]+([.,;:!?])/g, '$1');

/** An answer about the past says so, whatever the model wrote. */
export const framed = (text: string, frame: string | null): string =>
  frame === null || text.startsWith(FRAME) ? text : frame + text;

const FRAME = 'As of ';

/** What `framed` and `toCitations` make of an answer, while it is being written. */
export class LiveCitations {
  #held = '';
  #isFramed = false;
  #isBegun = false;

  constructor(
    readonly numbering: Numbering,
    readonly frame: string | null,
  ) {}

  /** The text with citations that `piece` makes certain. No piece may cut a marker. */
  push(piece: string): string {
    this.#held += this.numbering.apply(piece);
    // Enough to see whether the model has said itself what instant it speaks of.
    if (!this.#isFramed && FRAME.startsWith(this.#held)) return '';
    return this.#release();
  }

  /** What is left once the last piece has come. */
  end(): string {
    return this.#release();
  }

  #release(): string {
    if (!this.#isFramed) this.#held = framed(this.#held, this.frame);
    this.#isFramed = true;
    // Spaces go with what follows them: before a full stop, or at the end, they vanish.
    const end = this.#held.trimEnd().length;
    const certain = tidy(this.#held.slice(0, end));
    this.#held = this.#held.slice(end);
    const text = this.#isBegun ? certain : certain.trimStart();
    this.#isBegun ||= text !== '';
    return text;
  }
}
