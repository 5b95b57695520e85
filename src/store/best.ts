/** Of many that are offered the few with the highest scores: a heap whose root is the lowest of them. */
export class Best {
  readonly #scores: Float64Array;
  readonly #places: Int32Array;
  #count = 0;

  constructor(private readonly most: number) {
    this.#scores = new Float64Array(most);
    this.#places = new Int32Array(most);
  }

  offer(score: number, place: number): void {
    if (this.#count < this.most) this.#rise(this.#count++, score, place);
    else if (score > (this.#scores[0] ?? Infinity)) this.#sink(score, place);
  }

  /** The places that were kept, the highest score first, of equals in the order in which they were offered. */
  places(): number[] {
    const kept = Array.from(this.#places.subarray(0, this.#count), (place, i) => ({
      place,
      score: this.#scores[i] ?? 0,
    }));
    return kept.sort((a, b) => b.score - a.score || a.place - b.place).map(({ place }) => place);
  }

  #rise(from: number, score: number, place: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#scores[parent] ?? 0) <= score) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, score, place);
  }

  #sink(score: number, place: number): void {
    let at = 0;
    for (let child = 1; child < this.most; child = 2 * at + 1) {
      if (child + 1 < this.most && (this.#scores[child + 1] ?? 0) < (this.#scores[child] ?? 0)) child++;
      if ((this.#scores[child] ?? 0) >= score) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, score, place);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#scores[from] ?? 0, this.#places[from] ?? 0);
  }

  #set(at: number, score: number, place: number): void {
    this.#scores[at] = score;
    this.#places[at] = place;
  }
}
