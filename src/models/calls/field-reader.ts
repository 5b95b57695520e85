type State = 'before' | 'thinking' | 'inside' | 'over';

/** A reply that has not come to the field by then is not in the form that was asked for. */
const LONGEST_OPENING = 200;
const THOUGHTS = /^\s*<think(?:ing)?>/i;
const END_OF_THOUGHTS = /<\/think(?:ing)?>/i;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const ESCAPE = /^\\(?:u([\da-f]{4})|([^u]))/i;
const PART_OF_ESCAPE = /^\\(?:u[\da-f]{0,3})?$/i;

const endsInHalfPair = (text: string): boolean => /[\uD800-\uDBFF]$/.test(text);

/**
 * Reads the first field of a JSON object, a text, while the rest is still being written. It may stand in a fence and behind a
 * model's thoughts; of a reply in any other form nothing is read, so that no syntax is ever taken for text.
 */
export class FieldReader {
  readonly #opening: RegExp;
  #state: State = 'before';
  #rest = '';

  constructor(field: string) {
    this.#opening = new RegExp(`^\\s*(?:\`\`\`(?:json)?\\s*)?\\{\\s*"${field}"\\s*:\\s*"`, 'i');
  }

  /** The text that `raw`, the next piece of the reply, adds to what was read before. */
  push(raw: string): string {
    if (this.#state === 'over') return '';
    this.#rest += raw;
    if (this.#state === 'thinking') this.#passThoughts();
    if (this.#state === 'before') this.#open();
    return this.#state === 'inside' ? this.#read() : '';
  }

  #passThoughts(): void {
    const end = END_OF_THOUGHTS.exec(this.#rest);
    // Of a long thought no more is kept than the closing tag may have begun in.
    this.#rest = end ? this.#rest.slice(end.index + end[0].length) : this.#rest.slice(-'</thinking>'.length);
    if (end) this.#state = 'before';
  }

  #open(): void {
    const thoughts = THOUGHTS.exec(this.#rest);
    if (thoughts) {
      this.#state = 'thinking';
      this.#rest = this.#rest.slice(thoughts[0].length);
      this.#passThoughts();
    }
    const opening = this.#opening.exec(this.#rest);
    if (opening) {
      this.#state = 'inside';
      this.#rest = this.#rest.slice(opening[0].length);
    } else if (this.#state === 'before' && this.#rest.length > LONGEST_OPENING) this.#state = 'over';
  }

  #read(): string {
    let text = '';
    let at = 0;
    while (at < this.#rest.length) {
      const plain = /^[^"\\]+/.exec(this.#rest.slice(at))?.[0] ?? '';
      text += plain;
      at += plain.length;
      if (at === this.#rest.length) break;
      const rest = this.#rest.slice(at, at + 6);
      if (PART_OF_ESCAPE.test(rest)) break;
      const [whole, code, name = ''] = ESCAPE.exec(rest) ?? [];
      const meant = code === undefined ? ESCAPES[name] : String.fromCharCode(Number.parseInt(code, 16));
      if (whole === undefined || meant === undefined) {
        this.#state = 'over';
        return text;
      }
      text += meant;
      at += whole.length;
    }
    // Half a character, sent by itself, would arrive as a question mark.
    const held = endsInHalfPair(text) ? text.slice(-1) : '';
    this.#rest = held + this.#rest.slice(at);
    return held ? text.slice(0, -1) : text;
  }
}
