import { z } from 'zod';
import type { ExtractedFact, ExtractInput, Usage } from '../llm.js';
import * as prompt from '../prompts/extract-facts.js';
import type { Ask } from './ask.js';
import { chunksOf, type Piece } from './chunks.js';
import { ReplyCut } from './failure.js';
import { mapAtMost } from './parallel.js';
import { findQuote } from './quotes.js';

const PARALLEL_CALLS = 4;
/** The contract's topic for a memory that came with none. */
const DEFAULT_TOPIC = 'General';

const isoDate = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** A calendar date that exists, or null. A time without a zone is refused: it would move with the server's own zone. */
function toDate(text: string | null): Date | null {
  const parsed = isoDate.safeParse(text?.trim());
  // PostgreSQL has no year 0.
  if (!parsed.success || parsed.data.startsWith('0000')) return null;
  return new Date(parsed.data);
}

/** The fact tied to the text that supports it, or null when no text does: what can not be cited is not kept. */
function ground(reported: prompt.ReportedFact, pieces: readonly Piece[]): ExtractedFact | null {
  const piece = pieces[reported.message_index];
  const text = reported.text.trim();
  if (!piece || piece.role === 'system' || text === '') return null;
  const span = findQuote(piece.content, reported.quote);
  return (
    span && {
      text,
      topic: reported.topic.trim() || DEFAULT_TOPIC,
      importance: Math.min(10, Math.max(1, Math.round(reported.importance))),
      messageIndex: piece.messageIndex,
      span: { start: piece.start + span.start, end: piece.start + span.end },
      validFrom: toDate(reported.valid_from),
    }
  );
}

interface Reader {
  ask: Ask;
  model: string;
  meter: Usage;
  chunkCharacters: number;
}

/** Reads a conversation chunk by chunk and returns the facts that its messages really state. */
export async function extract(
  { ask, model, meter, chunkCharacters }: Reader,
  input: ExtractInput,
): Promise<ExtractedFact[]> {
  const askAbout = async (pieces: readonly Piece[], signal: AbortSignal): Promise<ExtractedFact[]> => {
    const data = prompt.render({ ...input, messages: pieces });
    const { facts } = await ask({ prompt, model, data, meter, signal });
    return facts.map((fact) => ground(fact, pieces)).filter((fact) => fact !== null);
  };

  const read = async (pieces: readonly Piece[], signal: AbortSignal): Promise<ExtractedFact[]> => {
    try {
      return await askAbout(pieces, signal);
    } catch (error) {
      if (!(error instanceof ReplyCut) || pieces.length < 2) throw error;
      // More facts than one reply holds. The halves go one after the other, so the limit on parallel calls stands.
      const middle = Math.ceil(pieces.length / 2);
      const first = await askAbout(pieces.slice(0, middle), signal);
      return [...first, ...(await askAbout(pieces.slice(middle), signal))];
    }
  };

  // Messages of the system give no facts: with nothing else there is nothing to ask.
  if (input.messages.every(({ role, content }) => role === 'system' || content.trim() === '')) return [];
  return (await mapAtMost(PARALLEL_CALLS, chunksOf(input.messages, chunkCharacters), read)).flat();
}
