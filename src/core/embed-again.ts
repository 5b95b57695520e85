import { TextRefused } from '../models/embedder.js';
import { replaceEmbeddings, type OutdatedMemory } from '../store/re-embed.js';
import type { Deps } from './deps.js';

/** What a batch of memories is embedded again with. */
export interface Batch extends Pick<Deps, 'db' | 'embedder'> {
  /** Ends it without waiting for the model. */
  signal: AbortSignal;
  /** Memories that the model refused. They stay as they are until the next start: the others must not wait for them. */
  setAside: Set<string>;
}

/** Memories that one statement changes: the embedded database does nothing else meanwhile. */
const STATEMENT_ROWS = 8;

/** Asks for the vectors outside of any transaction, then writes them a few at a time. Gives the number of rows changed. */
export async function embedAgain(batch: Batch, memories: readonly OutdatedMemory[]): Promise<number> {
  const embedded = await embedSome(batch, memories);
  let changed = 0;
  for (let at = 0; at < embedded.length && !batch.signal.aborted; at += STATEMENT_ROWS) {
    changed += await replaceEmbeddings(batch.db, batch.embedder.id, embedded.slice(at, at + STATEMENT_ROWS));
  }
  return changed;
}

type Embedded = Omit<OutdatedMemory, 'text'> & { embedding: Float32Array };

async function embedSome(batch: Batch, memories: readonly OutdatedMemory[]): Promise<Embedded[]> {
  const embed = async (some: readonly OutdatedMemory[]): Promise<Embedded[]> => {
    const texts = some.map(({ text }) => text);
    const vectors = await unlessStopped(batch.embedder.embed(texts, 'document'), batch.signal);
    return some.flatMap(({ accountId, id }, i) => {
      const embedding = vectors[i];
      return embedding ? [{ accountId, id, embedding }] : [];
    });
  };
  try {
    return await embed(memories);
  } catch (error) {
    if (!(error instanceof TextRefused)) throw error;
    return embedEach(batch, memories, embed);
  }
}

/** One by one, so that a text that the model refuses keeps no other from its vector. */
async function embedEach(
  { setAside }: Batch,
  memories: readonly OutdatedMemory[],
  embed: (some: readonly OutdatedMemory[]) => Promise<Embedded[]>,
): Promise<Embedded[]> {
  const embedded: Embedded[] = [];
  const refused: string[] = [];
  for (const memory of memories) {
    try {
      embedded.push(...(await embed([memory])));
    } catch (error) {
      // Several, and not one of them taken: it is hardly the texts. They are tried again later.
      if (!(error instanceof TextRefused) || (refused.length > 0 && refused.length === memories.length - 1))
        throw error;
      refused.push(memory.id);
    }
  }
  refused.forEach((id) => setAside.add(id));
  return embedded;
}

/** The result of `work`, unless the signal comes first: a model that stalls must not hold up the end of the server. */
function unlessStopped<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('stopped'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
