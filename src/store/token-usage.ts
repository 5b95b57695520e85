import type { TokenUsage } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { Reach } from './reach.js';

export type { TokenUsage } from '../generated/prisma/client.js';

export interface NewUsage {
  purpose: 'EXTRACTION' | 'CLASSIFICATION' | 'ANSWER';
  provider: string;
  model: string;
  isByoLlm: boolean;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

/** A caller may bring any model: their number is theirs to choose. */
const MAX_ROWS = 1_000;

interface Key {
  accountId: string;
  apiKeyId: string;
  periodStart: Date;
}

/** Adds to the sums of a key's month: one statement. Rows must differ in purpose, provider, model or whose model it was. */
export async function addUsage(db: Db, key: Key, rows: readonly NewUsage[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO token_usage (account_id, api_key_id, period_start, purpose, provider, model, is_byo_llm,
                             calls, input_tokens, output_tokens)
    SELECT ${key.accountId}::uuid, ${key.apiKeyId}::uuid, ${key.periodStart}::timestamptz, purpose, provider, model,
           "isByoLlm", calls, "inputTokens", "outputTokens"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
      purpose text, provider text, model text, "isByoLlm" boolean, calls bigint, "inputTokens" bigint, "outputTokens" bigint)
    ON CONFLICT (account_id, api_key_id, period_start, purpose, provider, model, is_byo_llm) DO UPDATE
    SET calls = token_usage.calls + excluded.calls, input_tokens = token_usage.input_tokens + excluded.input_tokens,
        output_tokens = token_usage.output_tokens + excluded.output_tokens`;
}

/** What the keys within reach had models do since an instant: as many rows as a page may hold, the dearest first. */
export const readUsage = (
  db: Db,
  { accountId, boundTenant }: Reach,
  since: Date,
): Promise<(TokenUsage & { apiKey: { name: string } })[]> =>
  db.tokenUsage.findMany({
    where: {
      accountId,
      periodStart: { gte: since },
      ...(boundTenant !== undefined && { apiKey: { boundTenant } }),
    },
    include: { apiKey: { select: { name: true } } },
    orderBy: [{ inputTokens: 'desc' }, { apiKeyId: 'asc' }, { purpose: 'asc' }, { provider: 'asc' }, { model: 'asc' }],
    take: MAX_ROWS,
  });
