/** The vector at length 1; the zero vector stays. Null where a number in it is none: it would poison every comparison. */
export function toUnit(values: ArrayLike<number>): Float32Array | null {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (typeof value !== 'number') return null;
    sum += value * value;
  }
  if (!Number.isFinite(sum)) return null;
  const length = Math.sqrt(sum) || 1;
  return Float32Array.from(values, (value) => value / length);
}
