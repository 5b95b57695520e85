import { expect, it } from 'vitest';
import { OpenChains } from '../../src/core/open-chains.js';

const MANY = 20_000;
const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1) + minute * 60_000);

it('a fact with more versions than a stack has frames is given one more, beside no version that leads back', () => {
  const versions = Array.from({ length: MANY }, (_, i) => ({
    id: `v${i}`,
    chainId: 'chain',
    validFrom: at(i),
    validTo: i + 1 < MANY ? at(i + 1) : null,
    knownTo: i + 1 < MANY ? at(i + 1) : null,
    retractedAt: null,
    supersededById: i + 1 < MANY ? `v${i + 1}` : null,
  }));
  const last = { ...versions.at(-1), id: `v${MANY - 1}` };
  expect(new OpenChains(versions).place({ id: 'new', validFrom: at(MANY) }, [last.id])).toMatchObject({
    chainId: 'chain',
    successions: [{ beforeId: last.id, memoryId: 'new', rivalId: last.id }],
  });

  // By hand, one was said to be replaced by one that had begun before: neither it nor what leads to it has a place beside it.
  const byHand = versions.map((version) => (version.id === 'v10' ? { ...version, supersededById: 'v5' } : version));
  byHand[5] = { ...versions[5], supersededById: null } as (typeof versions)[number];
  const { successions } = new OpenChains(byHand).place({ id: 'new', validFrom: at(8) }, [], 'v5');
  expect(successions).toEqual([
    { beforeId: 'v5', memoryId: 'new', rivalId: 'v5' },
    { beforeId: 'new', memoryId: 'v11', rivalId: 'v5' },
  ]);
});
