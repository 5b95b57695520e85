import { eachAs, runAs, type Actor } from '../store/guard.js';
import type { Caller } from './deps.js';

export { asSystem } from '../store/guard.js';

const actorOf = ({ accountId, boundTenant }: Caller): Actor => ({ accountId, tenantId: boundTenant });

/** Runs what a caller asks for: the database shows it the rows of that caller alone. What runs outside of it sees none. */
export const actFor = <Result>(caller: Caller, work: () => Result): Result => runAs(actorOf(caller), work);

/** What a feed of a caller gives, each item made for that caller, whoever asks for it. */
export const eachFor = <Item, Last, Sent>(
  caller: Caller,
  items: AsyncGenerator<Item, Last, Sent>,
): AsyncGenerator<Item, Last, Sent> => eachAs(actorOf(caller), items);

/** Runs what is the account's and not its caller's, whose key may be bound to one tenant of it. */
export const actForAccount = <Result>({ accountId }: Pick<Caller, 'accountId'>, work: () => Result): Result =>
  runAs({ accountId }, work);

/** Runs what acts for nobody until somebody is known. */
export const actForNobody = <Result>(work: () => Result): Result => runAs('NOBODY', work);
