import fc from 'fast-check';
import { OverlappingFieldsCanBeMergedRule, parse, validate, type DocumentNode, type ValidationRule } from 'graphql';
import { describe, expect, it } from 'vitest';
import { fieldsMerge } from '../../src/graphql/fields-merge.js';
import { schema } from '../../src/graphql/schema.js';

const MAX_BREADTH = 600;
const TOO_MANY = 'There are too many fields.';
const verdict = (document: string, rule: ValidationRule = fieldsMerge(MAX_BREADTH)): string[] =>
  validate(schema, parse(document), [rule]).map(({ message }) => message);
const isRefused = (document: string, rule?: ValidationRule): boolean => verdict(document, rule).length > 0;

/** Few names, so that many meet, and now and then one that does not go with the others. */
const rarely = <Value>(often: fc.Arbitrary<Value>, seldom: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 30, arbitrary: often }, { weight: 1, arbitrary: seldom });
const leaf = rarely(
  fc.constantFrom('id', 'text', 'a: id', 'b: state', '__typename'),
  fc.constantFrom('a: text', 'b: validFrom', 'b: id', 'id: text'),
);
const memory = fc.letrec<{ set: string }>((tie) => {
  const holding = (...names: string[]) =>
    fc.tuple(fc.constantFrom(...names), tie('set')).map(([name, set]) => `${name} { ${set} }`);
  const nested = holding('supersededBy', 's: supersededBy', 'supersedes', '...', '... on Memory');
  const selection = fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.constantFrom('...F0', '...F1', '...F2'),
    rarely(nested, holding('s: supersedes', 'supersededBy: supersedes')),
  );
  return { set: fc.array(selection, { minLength: 1, maxLength: 3 }).map((selections) => selections.join(' ')) };
}).set;

const list = fc
  .tuple(
    rarely(fc.constantFrom('memories(first: 1)', 'x: memories'), fc.constantFrom('memories', 'x: memories(first: 2)')),
    memory,
  )
  .map(([field, set]) => `${field} { nodes { ${set} } }`);
const event = fc
  .tuple(
    fc.constantFrom('FeedOpened', 'MemoryEvent'),
    rarely(fc.constantFrom('cursor', 'c: cursor'), fc.constantFrom('c: __typename', 'memory { id }')),
  )
  .map(([type, field]) => `... on ${type} { ${field} }`);

const documents = fc
  .tuple(
    fc.array(list, { minLength: 1, maxLength: 3 }),
    memory,
    memory,
    memory,
    fc.array(event, { minLength: 1, maxLength: 4 }),
  )
  .map(([lists, f1, f2, f3, events]) => {
    // Each spreads only those after it: circles are another rule's.
    const fragments = [f1, f2.replaceAll(/\.\.\.F[01]\b/g, '...F2'), f3.replaceAll(/\.\.\.F\d\b/g, 'id')].map(
      (set, n) => `fragment F${n} on Memory { ${n === 0 ? set.replaceAll('...F0', '...F1') : set} }`,
    );
    const used = [0, 1, 2].map((n) => `u${n}: memories { nodes { ...F${n} } }`);
    return `query Q { ${[...lists, ...used].join(' ')} } subscription S { memoryEvents { ${events.join(' ')} } } ${fragments.join(' ')}`;
  });

describe('fields that answer under one name', () => {
  it('are refused where the rule of the library refuses them, and nowhere else', () => {
    const seen = { refused: 0, allowed: 0 };
    fc.assert(
      fc.property(documents, (document) => {
        const [says] = verdict(document, fieldsMerge(Infinity));
        fc.pre(says !== TOO_MANY);
        const expected = isRefused(document, OverlappingFieldsCanBeMergedRule);
        seen[expected ? 'refused' : 'allowed'] += 1;
        return (says !== undefined) === expected;
      }),
      { numRuns: 500 },
    );
    // It does try both.
    expect(Math.min(seen.refused, seen.allowed)).toBeGreaterThan(20);
  });

  it.each([
    ['{ memories { totalCount } memories(first: 1) { totalCount } }', 'they have differing arguments'],
    ['{ memories(first: 1, after: "x") { totalCount } memories(after: "x", first: 1) { totalCount } }', null],
    ['{ a: planStatus { tier } a: viewer { accountId } }', '"planStatus" and "viewer" are different fields'],
    ['{ planStatus { a: tier a: writesUsed } }', 'they return conflicting types'],
    ['{ __typename a: __typename } ', null],
    ['{ a: __typename a: planStatus { tier } }', '"__typename" and "planStatus" are different fields'],
    ['{ __schema { types { name } } __schema { types { name: description } } }', '"name" and "description"'],
  ])('%s', (document, why) => {
    const [message] = verdict(document);
    if (why === null) expect(message).toBeUndefined();
    else expect(message).toContain(why);
  });
});

/** A document that counts how often a property of any of its nodes is read: the work of a rule, on whatever machine. */
function countingLooks(document: DocumentNode): { watched: DocumentNode; looks: () => number } {
  let count = 0;
  const known = new WeakMap<object, object>();
  const watch = <Node>(node: Node): Node => {
    if (typeof node !== 'object' || node === null) return node;
    const seen = known.get(node) ?? new Proxy(node, handler);
    known.set(node, seen);
    return seen as Node;
  };
  const handler: ProxyHandler<object> = {
    get: (target, name): unknown => {
      count++;
      return watch(Reflect.get(target, name));
    },
  };
  return { watched: watch(document), looks: () => count };
}

describe('what is made to be slow to compare', () => {
  const times = (count: number, one: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => one(n)).join(' ');
  const nestedTwice = (depth: number): string =>
    depth === 0 ? 'id' : times(2, () => `supersededBy { ${nestedTwice(depth - 1)} }`);
  const doubling = (count: number, selection: string, type: string): string =>
    `${times(count, (n) => `fragment F${n} on ${type} { a: ${selection} { ...F${n + 1} } b: ${selection} { ...F${n + 1} } }`)} fragment F${count} on ${type} { __typename }`;

  /** How often the rule of the library looks at something in a document for each time that ours does. */
  function ratio(document: string): number {
    const [ours, theirs] = [fieldsMerge(MAX_BREADTH), OverlappingFieldsCanBeMergedRule].map((rule) => {
      const { watched, looks } = countingLooks(parse(document));
      validate(schema, watched, [rule]);
      return looks();
    }) as [number, number];
    return theirs / ours;
  }

  it.each([
    ['200 fields of one name', `{ ${times(200, (n) => `memories(first: 1) { a${n}: totalCount }`)} }`],
    ['two at each of 7 levels', `{ memories(first: 1) { nodes { ${nestedTwice(7)} } } }`],
  ])('%s take a fraction of the work', (_name, document) => {
    expect(isRefused(document)).toBe(false);
    expect(ratio(document)).toBeGreaterThan(2);
  });

  it('is left to the limit of fields where that refuses it, and refused where it does not count', () => {
    expect(verdict(`{ memories { nodes { ...F0 } } } ${doubling(60, 'supersededBy', 'Memory')}`)).toEqual([]);
    expect(verdict(`{ __type(name: "Memory") { ...F0 } } ${doubling(60, 'ofType', '__Type')}`)).toEqual([TOO_MANY]);
    expect(verdict('{ planStatus { ...A } } fragment A on PlanStatus { ...A }')).toEqual([]);
    const many = times(100, (n) => `query Q${n} { memories { nodes { ...M } } }`);
    expect(verdict(`${many} fragment M on Memory { ${times(100, (n) => `a${n}: id`)} }`)).toContain(TOO_MANY);
  });
});
