/** Offsets into a text, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** The text without its whitespace, and where each kept code unit stood. */
function squeeze(text: string): { kept: string; places: number[] } {
  const places: number[] = [];
  let kept = '';
  for (const { 0: run, index } of text.matchAll(/\S+/g)) {
    kept += run;
    for (let i = 0; i < run.length; i += 1) places.push(index + i);
  }
  return { kept, places };
}

/** Where the quote stands: exactly, else whitespace aside (models join broken lines); null if the text never says it. */
export function findQuote(text: string, quote: string): Span | null {
  const wanted = quote.trim();
  if (wanted === '') return null;
  const exact = text.indexOf(wanted);
  if (exact !== -1) return { start: exact, end: exact + wanted.length };
  const { kept, places } = squeeze(text);
  const needle = squeeze(wanted).kept;
  const at = kept.indexOf(needle);
  const [start, last] = [places[at], places[at + needle.length - 1]];
  return at === -1 || start === undefined || last === undefined ? null : { start, end: last + 1 };
}
