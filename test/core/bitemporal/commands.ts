import fc from 'fast-check';

/** Which memory a command names: one of those stored, by number; or one that must be refused. */
export type Pick = number | 'unknown' | 'foreign';
/** An instant of valid time, in days from the beginning of the sequence. */
export type Day = number;
/** An instant of transaction time: a write by number and milliseconds from it; or the clock's. */
export type Moment = { write: number; plus: number } | 'now' | 'next month';

export type Command =
  | { do: 'add'; text: string; tenant: string; validFrom?: Day | undefined; supersedes?: Pick | undefined }
  | { do: 'supersede'; memory: Pick; by?: Pick | undefined; validTo?: Day | undefined }
  | { do: 'retract'; memory: Pick }
  | { do: 'revert'; memory: Pick; validFrom?: Day | undefined; keepReplacement: boolean }
  | { do: 'delete'; memory: Pick }
  | { do: 'clock'; hours: number }
  | {
      do: 'read';
      what: 'list' | 'memory' | 'timeline';
      memory: Pick;
      tenant: string;
      state: string;
      valid?: Day | undefined;
      known?: Moment | undefined;
    };

/** Twelve numbers are more than a sequence stores, so that they spread over the memories by remainder. */
const stored = fc.nat({ max: 11 });
const pick: fc.Arbitrary<Pick> = fc.oneof(
  { weight: 30, arbitrary: stored },
  { weight: 1, arbitrary: fc.constantFrom<Pick>('unknown', 'foreign') },
);
/** A coarse grid, so that facts begin at the same instant now and then. */
const day: fc.Arbitrary<Day> = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -6, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(-400, -0.5, 0.5, 30, 400) },
);
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const tenant = fc.constantFrom('', '', '', 'acme');
const moment: fc.Arbitrary<Moment> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ write: stored, plus: fc.constantFrom(0, 0, -1, 1) }) },
  { weight: 1, arbitrary: fc.constantFrom<Moment>('now', 'next month') },
);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      text: fc.constantFrom('A', 'B'),
      tenant,
      validFrom: maybe(day),
      supersedes: fc.option(pick, { nil: undefined, freq: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('supersede' as const), memory: pick, by: maybe(pick), validTo: maybe(day) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('supersede' as const), memory: pick, by: pick }) }, // link
  { weight: 3, arbitrary: fc.record({ do: fc.constant('supersede' as const), memory: pick, validTo: day }) }, // expire
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retract' as const), memory: pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('revert' as const),
      memory: pick,
      validFrom: maybe(day),
      keepReplacement: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), memory: pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('clock' as const), hours: fc.constantFrom(1, 24, 72, 960, -1, -72) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      what: fc.constantFrom('list', 'list', 'memory', 'timeline'),
      memory: pick,
      tenant,
      state: fc.constantFrom('CURRENT', 'CURRENT', 'SUPERSEDED', 'EXPIRED', 'RETRACTED', 'ANY'),
      valid: maybe(day),
      known: maybe(moment),
    }),
  },
);

/** Sequences begin with a fact, so that the rest has something to be about. */
export const sequences: fc.Arbitrary<Command[]> = fc
  .tuple(maybe(day), fc.array(command, { minLength: 4, maxLength: 11 }))
  .map(([validFrom, rest]) => [{ do: 'add' as const, text: 'A', tenant: '', validFrom }, ...rest].map(printable));

/** Makes a counterexample readable: one short line a command. */
const printable = (one: Command): Command =>
  Object.defineProperty({ ...one }, fc.toStringMethod, { value: () => print(one) });

export function print({ do: verb, ...rest }: Command): string {
  const said = Object.entries(rest as Record<string, string | number | boolean | { write: number; plus: number }>)
    .filter(([, value]) => value !== '' && value !== false && (value as unknown) !== undefined)
    .map(([name, value]) => {
      if (typeof value !== 'object') return `${name}=${value}`;
      return `${name}=write ${value.write}${value.plus < 0 ? '' : '+'}${value.plus}ms`;
    });
  return `\n  ${verb} ${said.join(' ')}`;
}
