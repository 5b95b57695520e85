/**
 * One read at a time for all who ask for the same. Who asks while one is under way is given the next, which begins after they
 * asked: nobody is given what was read before.
 */
export class JoinedReads<Value> {
  readonly #reads = new Map<string, { running: Promise<Value>; next?: Promise<Value> }>();

  /** What `read` gives, or what another's gives that began after now. Fails with it. */
  join(name: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#reads.get(name);
    if (!known) return this.#begin(name, read);
    const begin = (): Promise<Value> => this.#begin(name, read);
    return (known.next ??= known.running.then(begin, begin));
  }

  #begin(name: string, read: () => Promise<Value>): Promise<Value> {
    const reading: { running: Promise<Value>; next?: Promise<Value> } = { running: read() };
    this.#reads.set(name, reading);
    const end = (): void => {
      if (!reading.next) this.#reads.delete(name);
    };
    reading.running.then(end, end); // before what `next` does
    return reading.running;
  }
}
