import type { Tx } from '../store/client.js';
import { findRepeated, fingerprint, type Saying } from '../store/memories.js';

/** A fact as far as it can repeat another. */
export interface Claim extends Saying {
  validFrom: Date | undefined;
}

interface KnownFact {
  id: string;
  validFrom: Date | undefined;
}

/** The facts that a write would only repeat: current ones of the same tenant, source and channel, and those of the write itself. */
export class KnownFacts {
  readonly #facts = new Map<string, KnownFact[]>();

  /** Known from now on, unless a known fact says the same: then the id of that one. */
  claim(fact: Claim, id: string): string | null {
    const key = keyOf(fact);
    // The same words about another time are another fact.
    const known = this.#facts
      .get(key)
      ?.find(({ validFrom }) => !fact.validFrom || validFrom?.getTime() === fact.validFrom.getTime());
    if (known) return known.id;
    this.add(fact, { id, validFrom: fact.validFrom });
    return null;
  }

  add(fact: Saying, known: KnownFact): void {
    const key = keyOf(fact);
    this.#facts.set(key, [...(this.#facts.get(key) ?? []), known]);
  }
}

/** The documented fingerprint. */
const keyOf = ({ tenantId, source, channel, text }: Saying): string =>
  JSON.stringify([tenantId, source, channel, fingerprint(text)]);

/** What is known of these facts already, under the account's lock. */
export async function readKnownFacts(
  tx: Tx,
  accountId: string,
  facts: readonly Saying[],
  at: Date,
): Promise<KnownFacts> {
  const known = new KnownFacts();
  for (const { index, ...memory } of await findRepeated(tx, accountId, facts, at)) {
    const fact = facts[index];
    if (fact) known.add(fact, memory);
  }
  return known;
}
