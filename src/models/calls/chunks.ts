import type { Message } from '../llm.js';

/** A message, or a part of one too long for a call. `content` starts at `start` of the message's own content. */
export interface Piece extends Message {
  messageIndex: number;
  start: number;
}

/** How far back from the limit a cut looks for a better place than the middle of a word. */
const LOOK_BACK = 2_000;

/** Where to end a part that begins at `from`: after a line, else a sentence, else a word, else never inside a surrogate pair. */
function cutAfter(text: string, from: number, limit: number): number {
  const end = from + limit;
  if (end >= text.length) return text.length;
  const floor = Math.max(from, end - LOOK_BACK);
  for (const border of ['\n', '. ', ' ']) {
    const at = text.lastIndexOf(border, end - border.length);
    if (at > floor) return at + border.length;
  }
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(end));
  return splitsPair && end - 1 > from ? end - 1 : end;
}

function* partsOf({ role, content, name }: Message, messageIndex: number, limit: number): Generator<Piece> {
  for (let start = 0; start < content.length;) {
    const end = cutAfter(content, start, limit);
    yield { role, name, content: content.slice(start, end), messageIndex, start };
    start = end;
  }
}

/** The conversation in runs of at most `limit` characters, cut between messages where one fits. Empty messages vanish. */
export function chunksOf(messages: readonly Message[], limit: number): Piece[][] {
  const chunks: Piece[][] = [];
  let size = Infinity;
  for (const piece of messages.flatMap((message, index) => [...partsOf(message, index, limit)])) {
    const current = chunks.at(-1);
    if (current && size + piece.content.length <= limit) {
      current.push(piece);
      size += piece.content.length;
    } else {
      chunks.push([piece]);
      size = piece.content.length;
    }
  }
  return chunks;
}
