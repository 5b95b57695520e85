/** Terms in at most this share of the memories are looked for by themselves; commoner ones only lend weight. */
const RARE_SHARE = 0.02;
/** To find the best of those with a rare term, all of them are compared: so many at most, as far as counts tell. */
const MOST_HOLDING = 1_000;

/** The terms that are worth looking for by themselves, rarest first. `holding`: how many of `total` memories hold each. */
export function rarestOf(terms: readonly string[], holding: readonly number[], total: number): string[] {
  const rare = terms
    .map((term, i) => ({ term, count: holding[i] ?? 0 }))
    .filter(({ count }) => count <= RARE_SHARE * total)
    .sort((a, b) => a.count - b.count);
  let left = MOST_HOLDING;
  return rare.filter(({ count }) => (left -= count) >= 0).map(({ term }) => term);
}
