import { Prisma } from '../generated/prisma/client.js';

/** A cell of bi-temporal time. Neither: current truth, as known now. */
export interface AsOf {
  /** True in the world at this instant. */
  valid?: Date | undefined;
  /** As the server knew it at this instant; alone: what it then held current. */
  known?: Date | undefined;
}

export type StateFilter = 'CURRENT' | 'SUPERSEDED' | 'EXPIRED' | 'RETRACTED' | 'ANY';

/** The condition on `memories m` that makes a row visible: the one definition that list, search and query share. */
export function visible({ valid, known }: AsOf, state: StateFilter, now: Date): Prisma.Sql {
  if (!known)
    return valid
      ? Prisma.sql`(${windowHolds(Prisma.sql`m.valid_to`, valid)} AND m.valid_from <= ${valid}::timestamptz)`
      : inState(state, now);
  if (state === 'ANY' && !valid) return Prisma.sql`m.known_from <= ${known}::timestamptz`;
  const isCurrentThen = valid
    ? Prisma.sql`m.valid_from <= ${valid}::timestamptz`
    : Prisma.sql`(m.known_to IS NULL OR m.known_to > ${known}::timestamptz)`;
  const at = valid ?? known;
  // The row holds the newest belief; where that is younger than `known`, the older one is looked up, by its key: as an
  // EXISTS it would be answered from a hash of all beliefs of everybody.
  return Prisma.sql`(m.known_from <= ${known}::timestamptz AND ${isCurrentThen} AND CASE
    WHEN m.believed_from <= ${known}::timestamptz THEN ${windowHolds(Prisma.sql`m.valid_to`, at)}
    ELSE coalesce((
      SELECT true FROM memory_beliefs b
      WHERE b.account_id = m.account_id AND b.memory_id = m.id AND b.known_from <= ${known}::timestamptz
        AND b.known_to > ${known}::timestamptz AND ${windowHolds(Prisma.sql`b.valid_to`, at)}
      LIMIT 1), false)
    END)`;
}

const windowHolds = (validTo: Prisma.Sql, at: Date): Prisma.Sql =>
  Prisma.sql`(${validTo} IS NULL OR ${validTo} > ${at}::timestamptz)`;

function inState(state: StateFilter, now: Date): Prisma.Sql {
  switch (state) {
    case 'CURRENT':
      return Prisma.sql`(m.known_to IS NULL AND ${windowHolds(Prisma.sql`m.valid_to`, now)})`;
    case 'SUPERSEDED':
      return Prisma.sql`(m.superseded_by_id IS NOT NULL AND m.retracted_at IS NULL)`;
    case 'EXPIRED':
      return Prisma.sql`(m.superseded_by_id IS NULL AND m.retracted_at IS NULL
        AND (m.known_to IS NOT NULL OR m.valid_to <= ${now}::timestamptz))`;
    case 'RETRACTED':
      return Prisma.sql`m.retracted_at IS NOT NULL`;
    case 'ANY':
      return Prisma.sql`TRUE`;
  }
}
