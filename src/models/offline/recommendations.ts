import { sentencesOf } from './sentences.js';
import type { Sentence } from './sentences.js';

const LEAD_IN =
  '(?:(?:checking out|trying(?: out)?|reading|watching|listening to|visiting|using|going to|staying at|out|the|a|an|some|both|either|our|my favou?rite|(?:[a-z]+ ){1,3}(?:such as|like|called|named|from|by))\\s+)*';
const CUE = new RegExp(
  `(?:\\bI(?:['’]d| would| can)?(?: highly| definitely| strongly| also| personally)? (?:recommend|suggest)|\\bcheck out|\\btry|\\byou(?: might| could| should| may|['’]d| would)(?: also| really)? (?:like|enjoy|love|try|consider|visit|read|watch|use)|\\bI(?:['’]d| would) (?:go with|pick|choose))\\s+${LEAD_IN}`,
  'gi',
);
/** In quotes, in bold, or words with capitals, short ones of other kinds between them. */
const NAME =
  /^(?:["“]([^"“”\n]{2,60})["”]|\*\*([^*\n]{2,60})\*\*|((?:The |A )?\p{Lu}[\p{L}\p{N}'’&.+-]*(?: (?:(?:of|the|de|la|for|&|to|in|on|alla) ){0,2}[\p{Lu}\p{N}][\p{L}\p{N}'’&.+-]*){0,6}))/u;
/** What may follow a name; after any other word it only describes that: "English podcasts". */
const AFTER =
  /^(?:\s*(?:[.,;:!)(–—*"”-]|$)|['’]s\b|\s+(?:for|in|at|by|to|on|and|or|if|as|which|who|near|from|with|because|when|where|since|while|is|it|they)\b)/;
const NOT_NAMED =
  /^(?:I|You|The|A|An|If|For|It|This|That|These|Try|And|But|So|Also|They|We|He|She|There|My|Your|Some|Here|Sure|Great|Yes|No|Well|Of|In|To|AI|DIY|PM|AM|USB|[\d\W]+|\d+ [AP]M)$/;
/** Somebody else's advice, and advice against. */
const NOT_ADVICE =
  /\b(?:not|don['’]t|can['’]t|cannot|wouldn['’]t|never|avoid)\b[^,;]{0,30}\b(?:recommend|suggest|try)|\b(?:recommended|suggested) by\b|\b(?:he|she|they|\p{Lu}\p{Ll}+) (?:recommend|suggest)(?:s|ed)\b/u;
const MOST = 5;

/** Something an assistant named as advice, and the sentence that names it. */
export interface Recommendation {
  name: string;
  sentence: Sentence;
}

/** The names that begin at `from`: one, or several with commas, "and" or "or" between them. */
const namesFrom = (text: string, from: number): string[] => {
  const rest = text.slice(from);
  const match = NAME.exec(rest);
  if (!match) return [];
  const name = (match[1] ?? match[2] ?? match[3] ?? '')
    .replace(/['’]s$/, '')
    .replace(/[\s.,:;!'’-]+$/, '')
    .trim();
  const after = rest.slice(match[0].length);
  // "**Try Something New**: ..." is a heading.
  const isHeading = match[3] !== undefined && after.startsWith('**');
  if (name.length < 2 || isHeading || !AFTER.test(after) || NOT_NAMED.test(name)) return [];
  const next = /^(?:,? (?:and|or)|,) (?:the )?/.exec(after);
  return next ? [name, ...namesFrom(after, next[0].length)] : [name];
};

const namesIn = (text: string): string[] =>
  [...text.matchAll(CUE)].flatMap((cue) => namesFrom(text, cue.index + cue[0].length));

/** Who asks so wants names, and the items of the reply are what is recommended. */
const ASKS_FOR_NAMES =
  /\b(?:recommend|suggest|recommendations?|suggestions?)\b(?=.{0,80}\b(?:restaurants?|caf[eé]s?|bars?|places?|spots?|hotels?|hostels?|resorts?|sites?|attractions?|museums?|cities|towns?|beaches|trails?|parks?|books?|novels?|authors?|movies?|films?|shows?|series|documentar(?:y|ies)|podcasts?|songs?|bands?|artists?|albums?|games?|apps?|tools?|brands?|products?|websites?|channels?|stores?|shops?|companies|courses?|wines?|beers?|dishes|venues?)\b)/is;
const ITEM =
  /^\s*(?:\d{1,2}[.)]|[-*•])\s+(?:\*\*([^*\n]{2,60})\*\*|["“]([^"“”\n]{2,60})["”]|(\p{Lu}[^:\n–(]{1,50})(?=:|\s[–-]\s|\s\())/u;
/** Items that advise instead of naming, and the headings of such lists. */
const NOT_ITEM =
  /^(?:\p{L}+ing\b|(?:use|try|check|look|make|get|be|take|consider|start|set|keep|find|ask|plan|create|choose|add|avoid|visit|read|watch|join|search|bring|pack|book|research|practice|learn|write|explore|day|week|month|step|tip|option|pros?|cons?|note|location|address|price|cost|hours|rating|description|why|what|how|when|where)\b)/iu;
const MOST_ITEMS = 10;

const isTitle = (name: string): boolean =>
  !NOT_ITEM.test(name) &&
  name.split(/\s+/).every((part) => part.length < 4 || !/^\p{Ll}/u.test(part)) &&
  !NOT_NAMED.test(name);

/** The names of a list, each item with its sentence. */
const listed = (content: string): Recommendation[] =>
  sentencesOf(content)
    .flatMap((sentence) => {
      const line = content.slice(content.lastIndexOf('\n', sentence.start) + 1, sentence.end);
      const match = ITEM.exec(line);
      const name = (match?.[1] ?? match?.[2] ?? match?.[3] ?? '')
        .replace(/[\s.,:;!"'’-]+$/, '')
        .replace(/^["']/, '')
        .trim();
      return name.length > 1 && isTitle(name) && sentence.text.includes(name) ? [{ name, sentence }] : [];
    })
    .slice(0, MOST_ITEMS);

/** Named things an assistant recommends, `asked` being what it replies to; advice without a name is not worth remembering. */
export const recommendationsIn = (content: string, asked = ''): Recommendation[] => {
  const found = new Map<string, Recommendation>();
  for (const sentence of sentencesOf(content)) {
    const text = sentence.text.slice(0, 500);
    // A question ("Did someone recommend Y?") and a refusal recommend nothing.
    if (text.endsWith('?') || NOT_ADVICE.test(text)) continue;
    for (const name of namesIn(text)) if (found.size < MOST && !found.has(name)) found.set(name, { name, sentence });
  }
  const items = ASKS_FOR_NAMES.test(asked.slice(-2_000)) ? listed(content) : [];
  for (const item of items) if (!found.has(item.name)) found.set(item.name, item);
  return [...found.values()];
};
