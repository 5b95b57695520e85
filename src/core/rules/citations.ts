export interface Citations<Hit> {
  text: string;
  textWithCitations: string;
  /** Cited ones first, numbered as the markers; then the others. Empty when nothing was cited. */
  citations: readonly { index: number; hit: Hit; isCited: boolean }[];
}

const MARKER = /\[mem-(\d+)\]/g;

/**
 * Turns a model's `[mem-N]` markers (N counts the memories it was given) into citations. A marker for a memory that was
 * not given is dropped: an answer cites only what was retrieved for it. The rest is renumbered in order of appearance,
 * so that marker N is the citation with index N.
 */
export function toCitations<Hit>(answer: string, hits: readonly Hit[]): Citations<Hit> {
  const order: number[] = [];
  const renumbered = answer.replace(MARKER, (_marker, digits: string) => {
    const position = Number(digits) - 1;
    if (!(position in hits)) return '';
    if (!order.includes(position)) order.push(position);
    return `[mem-${order.indexOf(position) + 1}]`;
  });
  const uncited = hits.map((_hit, position) => position).filter((position) => !order.includes(position));
  const ranked = order.length === 0 ? [] : [...order, ...uncited];
  return {
    text: tidy(renumbered.replace(MARKER, '')),
    textWithCitations: tidy(renumbered),
    citations: ranked.flatMap((position, i) => {
      const hit = hits[position];
      return hit === undefined ? [] : [{ index: i + 1, hit, isCited: i < order.length }];
    }),
  };
}

/** Closes the gaps that removed markers leave. */
const tidy = (text: string): string =>
  text
    .replace(/[ \t]{2,}/g, ' ')
    .replace(/[ \t]+([.,;:!?])/g, '$1')
    .trim();
