import { CHANNEL, type Db, type Tx } from './client.js';

export type EventKind =
  'CREATED' | 'SUPERSEDED' | 'EXPIRED' | 'RETRACTED' | 'REVERTED' | 'CLASSIFIED' | 'PROPOSED' | 'REVIEWED' | 'DELETED';

/** What happened, as ids and decisions: never a memory's text. */
export interface NewEvent {
  kind: EventKind;
  tenantId: string;
  topic?: string | undefined;
  source?: string | undefined;
  memoryId?: string | undefined;
  beforeId?: string | undefined;
  verdict?: string | undefined;
  confidence?: number | undefined;
  reason?: string | undefined;
  model?: string | undefined;
  details?: Readonly<Record<string, unknown>> | undefined;
}

export interface LockedAccount {
  id: string;
  planTier: string;
  writesUsed: number;
  periodStart: Date;
  usedUpAt: Date | null;
}

/** An account while its row is locked: gives out sequence numbers and one transaction time, and gathers what to record. */
export class Ledger {
  readonly events: (NewEvent & { seq: string })[] = [];
  #seq: bigint;

  constructor(
    readonly account: LockedAccount,
    /** The transaction time of everything written under this lock. */
    readonly at: Date,
    lastSeq: bigint,
  ) {
    this.#seq = lastSeq;
  }

  /** Records an event and gives its sequence number. */
  append(event: NewEvent): bigint {
    this.#seq += 1n;
    this.events.push({ ...event, seq: this.#seq.toString() });
    return this.#seq;
  }

  /** Sets what the account has written in its period. */
  countWrites(usage: Pick<LockedAccount, 'writesUsed' | 'periodStart' | 'usedUpAt'>): void {
    Object.assign(this.account, usage);
  }

  /** Sequence number of the newest event. */
  get cursor(): bigint {
    return this.#seq;
  }
}

interface Writer {
  accountId: string;
  apiKeyId: string;
}

interface Limits {
  /** How long the transaction may take, in milliseconds, where it may take longer than others. */
  timeout?: number;
}

/**
 * The one way to write: a transaction that holds the account's row. Writers of one account take turns, so that quota,
 * sequence numbers and chains are exact by construction; their events are stored with the write or not at all.
 */
export async function withLedger<Result>(
  db: Db,
  writer: Writer,
  now: () => Date,
  work: (tx: Tx, ledger: Ledger) => Promise<Result>,
  limits: Limits = {},
): Promise<{ result: Result; cursor: bigint }> {
  return db.$transaction(async (tx) => {
    const ledger = await lockAccount(tx, writer.accountId, now);
    const result = await work(tx, ledger);
    if (ledger.events.length > 0) await record(tx, writer, ledger);
    return { result, cursor: ledger.cursor };
  }, limits);
}

/** Thrown to roll back what was only tried. */
class Rehearsal<Result> extends Error {
  constructor(readonly outcome: { result: Result; cursor: bigint }) {
    super('a rehearsal is rolled back');
  }
}

/** What a write would do: the same work on the same rows, all of it taken back. The cursor is that before it. */
export async function rehearse<Result>(
  db: Db,
  writer: Writer,
  now: () => Date,
  work: (tx: Tx, ledger: Ledger) => Promise<Result>,
  limits: Limits = {},
): Promise<{ result: Result; cursor: bigint }> {
  const attempt = async (tx: Tx, ledger: Ledger): Promise<never> => {
    const { cursor } = ledger;
    throw new Rehearsal({ result: await work(tx, ledger), cursor });
  };
  try {
    return await withLedger(db, writer, now, attempt, limits);
  } catch (error) {
    if (error instanceof Rehearsal) return (error as Rehearsal<Result>).outcome;
    throw error;
  }
}

async function lockAccount(tx: Tx, accountId: string, now: () => Date): Promise<Ledger> {
  const rows = await tx.$queryRaw<(LockedAccount & { lastSeq: bigint; lastKnownAt: Date })[]>`
    SELECT id, plan_tier AS "planTier", writes_used AS "writesUsed", period_start AS "periodStart",
           used_up_at AS "usedUpAt", last_seq AS "lastSeq", last_known_at AS "lastKnownAt"
    FROM accounts WHERE id = ${accountId}::uuid FOR UPDATE`;
  const [account] = rows;
  if (!account) throw new Error(`account ${accountId} is gone`);
  // Read after the lock was granted, and never at or before the previous write: the clock may have jumped back.
  const at = new Date(Math.max(now().getTime(), account.lastKnownAt.getTime() + 1));
  return new Ledger(account, at, account.lastSeq);
}

/** Appends the events, moves the account on, and tells the listeners: one statement. */
async function record(tx: Tx, writer: Writer, { account, at, cursor, events }: Ledger): Promise<void> {
  await tx.$queryRaw`
    WITH appended AS (
      INSERT INTO memory_events (account_id, seq, kind, tenant_id, topic, source, memory_id, before_id, api_key_id,
                                 verdict, confidence, reason, model, details, created_at)
      SELECT ${account.id}::uuid, seq, kind, "tenantId", topic, source, "memoryId", "beforeId", ${writer.apiKeyId}::uuid,
             verdict, confidence, reason, model, details, ${at}::timestamptz
      FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS event (
        seq bigint, kind text, "tenantId" text, topic text, source text, "memoryId" uuid, "beforeId" uuid,
        verdict text, confidence float8, reason text, model text, details jsonb)
    ), moved AS (
      UPDATE accounts SET last_seq = ${cursor}::bigint, last_known_at = ${at}::timestamptz,
        writes_used = ${account.writesUsed}, period_start = ${account.periodStart}::timestamptz,
        used_up_at = ${account.usedUpAt}::timestamptz
      WHERE id = ${account.id}::uuid
    )
    SELECT pg_notify(${CHANNEL}, ${account.id}) IS NULL AS notified`;
}
