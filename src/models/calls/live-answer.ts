import { CITED_ONCE, settleRuns } from '../prompts/answer-question.js';
import type { Live } from './ask.js';
import { unusableReply } from './failure.js';
import { FieldReader } from './field-reader.js';

/** A bracket that is open for longer than this is none of a marker. */
const LONGEST_MARKER = 400;

/** How much of a text is certain, whatever comes next: all but markers and spaces at its end, which settle together. */
function certainPart(text: string): number {
  const open = text.lastIndexOf('[');
  const isOpen = open > text.lastIndexOf(']') && text.length - open <= LONGEST_MARKER;
  let end = isOpen ? open : text.length;
  for (;;) {
    end = text.slice(0, end).trimEnd().length;
    const from = text.charAt(end - 1) === ']' ? text.lastIndexOf('[', end - 1) : -1;
    if (from === -1 || !CITED_ONCE.test(text.slice(from, end))) return end;
    end = from;
  }
}

/** An answer's prose out of the JSON that is being written: in pieces that are certain, its markers in their one form. */
export class LiveAnswer implements Live {
  readonly #field = new FieldReader('answer');
  #held = '';
  #shown = '';

  constructor(
    readonly memoryCount: number,
    readonly onText: (piece: string) => void,
  ) {}

  get isShown(): boolean {
    return this.#shown !== '';
  }

  push(raw: string): void {
    const text = this.#held + this.#field.push(raw);
    const end = certainPart(text);
    this.#held = text.slice(end);
    const settled = settleRuns(text.slice(0, end), this.memoryCount);
    this.#show(this.isShown ? settled : settled.trimStart());
  }

  /** Shows what is left of the whole text. @throws AppError UPSTREAM_FAILED when that does not begin as was shown */
  finish(text: string): void {
    if (!text.startsWith(this.#shown)) throw unusableReply(['answer: not as it began']);
    this.#show(text.slice(this.#shown.length));
  }

  #show(piece: string): void {
    if (piece === '') return;
    this.#shown += piece;
    this.onText(piece);
  }
}
