import { sentencesOf } from './sentences.js';
import type { Sentence } from './sentences.js';

const RECOMMENDS =
  /\b(?:recommend(?:ed|ing)?|suggest(?:ed|ing)?|check out|you (?:should|could|might) (?:try|visit|read|watch|consider|use)|(?:i(?:'d| would) (?:go with|pick|choose))|try)\b/i;
const PROPER =
  /(?:["“”]([^"“”\n]{2,60})["“”]|\*\*([^*\n]{2,60})\*\*|((?:The |A |An )?\p{Lu}[\p{L}\p{N}'’&.-]*(?: (?:(?:of|the|de|la|for|and|&|to|in|on) )?[\p{Lu}\p{N}][\p{L}\p{N}'’&-]*){0,6}))/gu;
const NOT_NAMED =
  /^(?:I|You|The|A|An|If|For|It|This|That|These|Try|And|But|So|Also|They|We|He|She|There|My|Your|Some|Here|Sure|Great|Yes|No|Well|Of|In|To|Recommend|Check|Consider)$/;
const MOST = 5;

/** Something an assistant named as advice, and the sentence that names it. */
export interface Recommendation {
  name: string;
  sentence: Sentence;
}

const firstNamed = (text: string): string | null => {
  for (const match of text.matchAll(PROPER)) {
    const name = (match[1] ?? match[2] ?? match[3] ?? '').replace(/[\s.,:;!'’-]+$/, '').trim();
    if (name.length > 1 && !NOT_NAMED.test(name)) return name;
  }
  return null;
};

/** Named things an assistant recommends; general advice without a name is not worth remembering. */
export const recommendationsIn = (content: string): Recommendation[] => {
  const found: Recommendation[] = [];
  for (const sentence of sentencesOf(content)) {
    if (found.length === MOST) break;
    const text = sentence.text.slice(0, 500);
    const cue = RECOMMENDS.exec(text);
    // A question ("Did someone recommend Y?") and a refusal recommend nothing.
    if (
      !cue ||
      text.endsWith('?') ||
      /\b(?:not|don't|can't|cannot|wouldn't|never|avoid)\b[^,;]{0,30}\b(?:recommend|suggest|try)/i.test(text)
    )
      continue;
    const name = firstNamed(text.slice(cue.index + cue[0].length));
    if (name !== null && !found.some((other) => other.name === name)) found.push({ name, sentence });
  }
  return found;
};
