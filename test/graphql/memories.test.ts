import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  for (let i = 1; i <= 25; i++)
    await client.rest('POST', '/agent/memories', { content: `Fact number ${i} of the list` });
});
afterAll(() => app.close());

const TEXTS = /* GraphQL */ `
  query Texts($first: Int, $after: String, $last: Int, $before: String) {
    memories(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      nodes {
        text
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;

interface Page {
  memories: {
    totalCount: number;
    nodes: { text: string }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  };
}

const numbers = ({ memories }: Page): number[] => memories.nodes.map(({ text }) => Number(/\d+/.exec(text)?.[0]));

describe('memories', () => {
  it('gives every memory once, newest first, page by page', async () => {
    const first = await client.graphql<Page>(TEXTS, { first: 10 });
    expect(numbers(first.data)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
    expect(first.data.memories.totalCount).toBe(25);
    const second = await client.graphql<Page>(TEXTS, { first: 10, after: first.data.memories.pageInfo.endCursor });
    const third = await client.graphql<Page>(TEXTS, { first: 10, after: second.data.memories.pageInfo.endCursor });
    expect(numbers(third.data)).toEqual([5, 4, 3, 2, 1]);
    expect(third.data.memories.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('pages backwards from a cursor', async () => {
    const third = await client.graphql<Page>(TEXTS, { last: 5 });
    expect(numbers(third.data)).toEqual([5, 4, 3, 2, 1]);
    const before = await client.graphql<Page>(TEXTS, { last: 5, before: third.data.memories.pageInfo.startCursor });
    expect(numbers(before.data)).toEqual([10, 9, 8, 7, 6]);
    expect(before.data.memories.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  it.each([
    [{ first: 0 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ last: -1 }, 'last'],
    [{ first: 5, last: 5 }, 'last'],
    [{ after: 'nonsense' }, 'after'],
  ])('refuses %j and names %s', async (variables, field) => {
    const { errors } = await client.graphql<Page>(TEXTS, variables);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('takes the same number of SQL statements for 20 memories with timelines as for 1', async () => {
    const query = /* GraphQL */ `
      query ($first: Int) {
        memories(first: $first) {
          nodes {
            text
            sourceCitation {
              message
            }
            timeline {
              chainLength
              current {
                id
              }
              entries {
                text
                state
              }
            }
            supersededBy {
              id
            }
          }
        }
      }
    `;
    const one = await app.statementsOf(() => client.graphql(query, { first: 1 }));
    const twenty = await app.statementsOf(() => client.graphql(query, { first: 20 }));
    expect(twenty.length).toBe(one.length);
    expect(twenty.length).toBeLessThanOrEqual(10);
    console.log(`SQL statements for 20 memories with timelines: ${twenty.length}`);
    for (const s of twenty) console.log(s.slice(0, 150));
  });
});
