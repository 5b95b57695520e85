import { Kind, type SelectionSetNode } from 'graphql';

/**
 * Counts the fields that a selection set comes to, those of fragments as often as they are spread; Infinity where they go in a circle.
 * `isCounted`: whether what a field holds counts too.
 */
export function breadthOf(
  fragment: (name: string) => SelectionSetNode | undefined,
  isCounted: (field: string) => boolean = () => true,
): (set: SelectionSetNode | undefined) => number {
  /** By the name of a fragment; Infinity while it is being counted. */
  const known = new Map<string, number>();
  const count = (set: SelectionSetNode | undefined): number => {
    let sum = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD)
        sum += 1 + (isCounted(selection.name.value) ? count(selection.selectionSet) : 0);
      else if (selection.kind === Kind.INLINE_FRAGMENT) sum += count(selection.selectionSet);
      else sum += ofFragment(selection.name.value);
    }
    return sum;
  };
  const ofFragment = (name: string): number => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, Infinity);
    const own = count(fragment(name));
    known.set(name, own);
    return own;
  };
  return count;
}
