import { describe, expect, it } from 'vitest';
import { runIsolation, type IsolationReport } from '../support/isolation.js';
import { removeFilters, type Removed } from '../support/sql-filters.js';
import { startApp } from '../support/start-app.js';

interface Guards {
  /** Row-level security. */
  isGuarded?: boolean;
  /** Conditions of the program that are taken out of its SQL. */
  removed?: Removed;
  operations: number;
  enough?: number;
}

async function run({ isGuarded = true, removed, operations, enough = 20 }: Guards): Promise<IsolationReport> {
  const filters = removed && removeFilters(removed); // before there is a connection
  const app = await startApp({ isGuarded });
  try {
    const report = await runIsolation(app, { operations, enough, seed: 20_261_122 });
    if (filters) expect(filters.count()).toBeGreaterThan(50);
    return report;
  } finally {
    filters?.restore();
    await app.close();
  }
}

describe('50 tenants of 10 accounts, at random', () => {
  it.each<[string, Guards]>([
    ['with both guards', { operations: 80 }],
    ['with the conditions of the program alone', { operations: 60, isGuarded: false }],
    ['with row-level security alone', { operations: 60, removed: 'accounts and bound tenants' }],
  ])(
    '%s: nobody is shown what is not theirs',
    async (_name, guards) => {
      const { leaks, differences, operations, replies } = await run(guards);
      expect(leaks).toEqual([]);
      expect(differences).toEqual([]);
      expect(operations).toBe(guards.operations);
      expect(replies).toBeGreaterThanOrEqual(operations);
    },
    240_000,
  );

  it('with neither: the check finds leaks', async () => {
    const { leaks } = await run({ operations: 100, isGuarded: false, removed: 'rows of accounts', enough: Infinity });
    const shownToBound = leaks.filter((leak) => leak.includes('with a bound key'));
    expect(shownToBound.length).toBeGreaterThan(2);
    expect(leaks.length).toBeGreaterThan(shownToBound.length + 2);
  }, 240_000);
});
