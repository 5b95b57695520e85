import { createHash } from 'node:crypto';
import type { Message } from '../models/llm.js';
import { Slice } from '../slice.js';
import type { Scope } from '../store/listing.js';
import { findOwnWords, rememberSentences } from '../store/own-words.js';
import type { Deps } from './deps.js';
import { eachLine, linesOf, type Line } from './rules/lines.js';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The messages without what this server said itself: memories and answers that an agent was given come back in the
 * conversation, and would be stored again and again as news. Blanked, not cut, so that every span stays where it was.
 */
export async function hideOwnWords(
  { db }: Deps,
  scope: Scope,
  messages: readonly Message[],
): Promise<readonly Message[]> {
  const lines: (Line & { messageIndex: number; isOfPerson: boolean; hash: string })[] = [];
  const slice = new Slice();
  for (const [messageIndex, { role, content }] of messages.entries()) {
    if (role === 'system') continue;
    for (const line of eachLine(content)) {
      if (line)
        lines.push({ ...line, messageIndex, isOfPerson: role === 'user', hash: hashOf(line.words.toLowerCase()) });
      await slice.rest();
    }
  }
  if (lines.length === 0) return messages;
  const own = await findOwnWords(
    db,
    scope,
    lines.map(({ words, hash, isOfPerson }) => ({ text: words, hash, isOfPerson })),
  );
  const hidden = lines.filter(({ isMarked }, place) => isMarked || own.has(place));
  if (hidden.length === 0) return messages;
  const byMessage = new Map<number, Span[]>();
  for (const { messageIndex, start, end } of hidden) {
    const spans = byMessage.get(messageIndex);
    if (spans) spans.push({ start, end });
    else byMessage.set(messageIndex, [{ start, end }]);
  }
  return messages.map((message, i) => ({ ...message, content: blanked(message.content, byMessage.get(i) ?? []) }));
}

interface Span {
  start: number;
  end: number;
}

/** In one pass: cutting the whole text anew for each line would cost its length squared. `spans`: in order, apart. */
function blanked(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(at, start), ' '.repeat(end - start));
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/**
 * Remembers what an answer says, as hashes, so that it is known for the server's own words when it comes back. Sentences
 * that are a memory's text need no remembering: the memory is there.
 */
export async function rememberAnswer(
  { db, now }: Deps,
  scope: Scope,
  text: string,
  memories: readonly { text: string }[],
): Promise<void> {
  const known = new Set(memories.flatMap((memory) => linesOf(memory.text).map(({ words }) => words.toLowerCase())));
  const said = linesOf(text).map(({ words }) => words.toLowerCase());
  const hashes = said.filter((words) => !known.has(words)).map(hashOf);
  if (hashes.length > 0) await rememberSentences(db, scope, hashes, now());
}
