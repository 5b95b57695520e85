import { TextRefused } from '../embedder.js';

/** Beyond this a text says little that its beginning does not; of most models it is near what they read at all. */
const LONGEST = 24_000;
/** What one call carries: providers bound the tokens of all of its texts together. */
const CALL_CHARACTERS = 100_000;
/** A text that is refused is tried at half of its length, and half of that, down to here. */
const SHORTEST = 1_000;

/** The beginning of a text, never ending inside a surrogate pair: half of one is no text. */
const beginningOf = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

/** The texts in runs for one call each: at most `count`, and no more characters than a call carries. */
export function runsOf(texts: readonly string[], count: number): string[][] {
  const runs: string[][] = [];
  let characters = 0;
  for (const text of texts.map((whole) => beginningOf(whole, LONGEST))) {
    const run = runs.at(-1);
    if (run && run.length < count && characters + text.length <= CALL_CHARACTERS) {
      run.push(text);
      characters += text.length;
    } else {
      runs.push([text]);
      characters = text.length;
    }
  }
  return runs;
}

/**
 * The vectors of a run of texts. One that is refused, or one of which is, is cut in two until the texts that were too long
 * for the model are found and shortened. A text that is refused at its shortest ends it all at the first: then it is
 * hardly the texts, and to go on would be a storm of calls.
 */
export async function embedNarrowing(
  call: (texts: readonly string[]) => Promise<Float32Array[]>,
  texts: readonly string[],
): Promise<Float32Array[]> {
  try {
    return await call(texts);
  } catch (error) {
    if (!(error instanceof TextRefused)) throw error;
    const [text = ''] = texts;
    if (texts.length === 1 && text.length <= SHORTEST) throw error;
    if (texts.length === 1) return embedNarrowing(call, [beginningOf(text, Math.ceil(text.length / 2))]);
    const middle = Math.ceil(texts.length / 2);
    const first = await embedNarrowing(call, texts.slice(0, middle));
    return [...first, ...(await embedNarrowing(call, texts.slice(middle)))];
  }
}
