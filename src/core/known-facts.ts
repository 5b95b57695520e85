import type { Tx } from '../store/client.js';
import type { Scope } from '../store/listing.js';
import { findByFingerprint, fingerprint } from '../store/memories.js';

interface Fact {
  text: string;
  validFrom: Date | undefined;
}

interface KnownFact {
  id: string;
  validFrom: Date | undefined;
}

/** The facts that a write would only repeat: current ones of the same tenant, source and channel, and those of the write itself. */
export class KnownFacts {
  readonly #facts = new Map<string, KnownFact[]>();

  constructor(stored: readonly (KnownFact & { fingerprint: string })[]) {
    for (const fact of stored) this.#add(fact.fingerprint, fact);
  }

  /** True, and known from now on, unless a known fact says the same. */
  claim(fact: Fact, id: string): boolean {
    if (this.#find(fact)) return false;
    this.#add(fingerprint(fact.text), { id, validFrom: fact.validFrom });
    return true;
  }

  idOf(fact: Fact): string {
    return this.#find(fact)?.id ?? '';
  }

  /** The documented fingerprint, and no other date: the same words about another time are another fact. */
  #find({ text, validFrom }: Fact): KnownFact | undefined {
    const alike = this.#facts.get(fingerprint(text)) ?? [];
    return alike.find((known) => !validFrom || known.validFrom?.getTime() === validFrom.getTime());
  }

  #add(key: string, fact: KnownFact): void {
    this.#facts.set(key, [...(this.#facts.get(key) ?? []), fact]);
  }
}

export const readKnownFacts = async (
  tx: Tx,
  scope: Scope & { source: string; channel: string },
  texts: readonly string[],
  at: Date,
): Promise<KnownFacts> => new KnownFacts(await findByFingerprint(tx, scope, texts, at));
