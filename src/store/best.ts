/** Of many that are offered the few with the highest scores, of equals those with the lowest places: a heap whose root is the last of them. */
export class Best {
  readonly #scores: Float64Array;
  readonly #places: Int32Array;
  #count = 0;
  /** What scores less is not kept; a field, as it is looked at for each of many. */
  floor = -Infinity;

  constructor(private readonly most: number) {
    this.#scores = new Float64Array(most);
    this.#places = new Int32Array(most);
  }

  offer(score: number, place: number): void {
    if (this.#count < this.most) this.#rise(this.#count++, score, place);
    else if (this.most > 0 && this.#isLower(0, score, place)) this.#sink(score, place);
    if (this.#count === this.most) this.floor = this.#scores[0] ?? Infinity;
  }

  /** The places that were kept, the best first. */
  places(): number[] {
    const kept = Array.from(this.#places.subarray(0, this.#count), (place, i) => ({
      place,
      score: this.#scores[i] ?? 0,
    }));
    return kept.sort((a, b) => b.score - a.score || a.place - b.place).map(({ place }) => place);
  }

  /** Whether what is kept at `at` is not as good as this. */
  #isLower(at: number, score: number, place: number): boolean {
    const kept = this.#scores[at] ?? 0;
    return kept < score || (kept === score && (this.#places[at] ?? 0) > place);
  }

  #rise(from: number, score: number, place: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isLower(parent, score, place)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, score, place);
  }

  #sink(score: number, place: number): void {
    let at = 0;
    for (let child = 1; child < this.most; child = 2 * at + 1) {
      if (child + 1 < this.most && this.#isLower(child + 1, this.#scores[child] ?? 0, this.#places[child] ?? 0))
        child++;
      if (!this.#isLower(child, score, place)) break;
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
