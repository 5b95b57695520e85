/**
 * An end of line; or a full stop with the quotes and markers that belong to it, and the beginning of what follows. Runs are begun
 * from their first character alone: a long one would else cost its length squared.
 */
const ENDING =
  /\n[^\S\n]*(?=\S)(?!\[mem-)|(?<![.!?…])(?<stop>[.!?…]+)(?<closing>["'”’»)]*(?:\s*\[mem-\d+\])*)\s+(?=(?<next>\S))(?!\[mem-)|[。！？]["”’」』）]*(?:\s*\[mem-\d+\])*\s*(?=\S)(?![[\]"”’」』）])/gu;
/** Words whose full stop ends nothing, single letters (J. Smith) and the number of a list's item. */
const ABBREVIATION =
  /(?:^|[\s(])(?:(?:\p{L}\.)*(?!I\.)\p{L}|Dr|Mrs?|Ms|Prof|St|Mt|No|Nr|vs|Fig|ca|approx|e\.g|i\.e|bzw)\.$/iu;
const ITEM = /^\s*\d{1,3}\.$/;
/** What is longer is cut at a space: a text without a full stop would be looked through again with every word. */
const LONGEST = 2_000;

/** Where the first sentence of the text ends, its trailing space included; 0 while that is not certain. */
function firstEnd(text: string): number {
  const head = text.slice(0, LONGEST);
  for (const found of head.matchAll(ENDING)) {
    const { stop, closing, next = '' } = found.groups ?? {};
    const isPlain = stop === '.' && closing === '';
    const before = head.slice(0, found.index + 1);
    const goesOn = isPlain && (/\p{Ll}/u.test(next) || ABBREVIATION.test(before.slice(-12)) || ITEM.test(before));
    if (!goesOn) return found.index + found[0].length;
  }
  return text.length < LONGEST ? 0 : cutIn(head);
}

/** A place to cut a sentence that is too long: after its last space, else where that parts no marker and no character. */
function cutIn(head: string): number {
  const space = head.search(/\s\S*$/);
  if (space > 0) return space + 1;
  const part = /\[(?:mem-?\d*)?$|[\uD800-\uDBFF]$/.exec(head.slice(-20));
  return part ? head.length - part[0].length : head.length;
}

/** Cuts a text into sentences while it is being written: each comes once the beginning of the next is known. */
export class SentenceReader {
  #rest = '';

  /** The sentences that `text`, the next piece, completes. No piece may cut a marker. */
  push(text: string): string[] {
    this.#rest += text;
    const complete: string[] = [];
    for (let end = firstEnd(this.#rest); end > 0; end = firstEnd(this.#rest)) {
      complete.push(this.#rest.slice(0, end).trim());
      this.#rest = this.#rest.slice(end);
    }
    return complete.filter((sentence) => sentence !== '');
  }

  /** The last one; none if the text ended with a whole one. */
  end(): string[] {
    const last = this.#rest.trim();
    this.#rest = '';
    return last === '' ? [] : [last];
  }
}

/** The sentences of an answer, each with the [mem-N] markers that belong to it. A line is at most one sentence. */
export function sentencesOf(text: string): string[] {
  const reader = new SentenceReader();
  return [...reader.push(text), ...reader.end()];
}
