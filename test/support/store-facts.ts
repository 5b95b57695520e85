import { randomUUID } from 'node:crypto';
import { withLedger } from '../../src/store/ledger.js';
import { insertMemories } from '../../src/store/memories.js';
import type { Client, TestApp } from './start-app.js';

/** Many facts of one write, without what a writer does besides: for tests of what comes after. */
export async function storeFacts(
  { deps: { db, embedder, now } }: Pick<TestApp, 'deps'>,
  { caller }: Pick<Client, 'caller'>,
  texts: readonly string[],
  {
    source = 'test',
    tenantId = '',
    ...about
  }: { source?: string; tenantId?: string; sessionId?: string; topic?: string; importance?: number } = {},
): Promise<void> {
  const { accountId, apiKeyId } = caller;
  const vectors = await embedder.embed(texts);
  const capture = { id: randomUUID(), tenantId, apiKeyId, source, channel: 'agent', isByoLlm: false };
  const unknown = { sessionId: about.sessionId, messages: undefined, provider: undefined, model: undefined };
  const untold = { ...unknown, promptVersion: undefined, inputTokens: undefined, outputTokens: undefined };
  await withLedger(db, caller, now, async (tx, ledger) => {
    const rows = texts.map((text, i) => {
      const id = randomUUID();
      const createdSeq = ledger.append({ kind: 'CREATED', tenantId, memoryId: id });
      const embedding = vectors[i] ?? new Float32Array(embedder.dimensions);
      const place = { messageIndex: undefined, spanStart: undefined, spanEnd: undefined, closed: undefined };
      const { topic = 'Home', importance = 5 } = about;
      const fact = { text, topic, importance, importanceWord: undefined, validFrom: ledger.at };
      return { id, chainId: randomUUID(), isFirst: true, createdSeq, embedding, ...fact, ...place };
    });
    const where = { accountId, at: ledger.at, embeddingModel: embedder.id };
    await insertMemories(tx, where, [{ capture: { ...capture, ...untold }, memories: rows }]);
  });
}
