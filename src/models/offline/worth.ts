import { isModal, isNoun, isPastForm, isPlainPresent } from './grammar.js';
import { textOf } from './nlp.js';
import type { Token } from './nlp.js';
import { isNamedStatement } from './statements.js';
import type { Subject } from './subjects.js';
import { isTelling, weightOf } from './weight.js';

const listOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** States of the hour, of no use a week later. */
const MOODS = listOf(
  'tired hungry bored busy excited ok okay fine ready back here home late sorry good great well happy glad sad sure alright curious confused stuck lost proud nervous grateful thankful impressed interested surprised thrilled amazed stoked pumped determined motivated inspired blessed lucky honored relieved eager touched jealous free done right wrong in up down off out there sick exhausted worried overwhelmed stressed frustrated hooked serious kidding able familiar fortunate hopeful optimistic',
);
/** With "I" these say what goes on in the conversation, not in the life of the speaker. */
const MENTAL = listOf(
  'think guess hope wish mean see agree understand bet wonder appreciate thank suppose imagine promise swear doubt suggest recommend apologize apologise ask hear say reckon assume figure gotcha concur relate notice realize realise admit mind',
);

const isMood = (tokens: readonly Token[], verb: number): boolean => {
  if (tokens[verb]?.lemma !== 'be' && tokens[verb]?.lemma !== 'feel') return false;
  const rest = tokens.slice(verb + 1).filter(({ pos, lower }) => pos !== 'ADV' && lower !== "n't" && lower !== 'all');
  // "I am in" is a mood, "I am in college" is not.
  if (rest[0]?.pos === 'ADP' && rest.length > 1) return false;
  return MOODS.has(rest[0]?.lower ?? '') && !(rest[0]?.lower === 'off' && rest[1]?.lower === 'to');
};

const DAYS =
  /^(?:yesterday|today|last|ago|week|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|(?:19|20)\d\d)$/;
const hasAnchor = (tokens: readonly Token[]): boolean =>
  tokens.some(({ pos, lower }) => pos === 'PROPN' || pos === 'NUM' || /^(?:my|our)$/.test(lower));

/** "Drive" in "don't drive", "have driven". */
const mainVerb = (tokens: readonly Token[], verb: number): Token | undefined =>
  tokens[verb]?.pos === 'AUX' ? tokens.slice(verb).find(({ pos }) => pos === 'VERB') : tokens[verb];

const isDenied = (tokens: readonly Token[]): boolean => tokens.some(({ lower }) => /^(?:n't|not|never)$/.test(lower));

/** "I love the leaves", "I can't wait for the trip": things in view of both speakers alone. */
const isOfTheMoment = (tokens: readonly Token[]): boolean => {
  const the = tokens.findIndex(({ lower }) => lower === 'the');
  const lead = tokens.slice(0, the);
  const after = tokens
    .slice(the + 1)
    .filter(
      (token) =>
        !isNoun(token) && token.pos !== 'ADJ' && token.pos !== 'PUNCT' && token.pos !== 'ADV' && token.pos !== 'CCONJ',
    );
  return (
    the > 0 &&
    lead.some(({ lower }) => /^(?:love|like|enjoy|wait|loved|liked|enjoyed)$/.test(lower)) &&
    after.length === 0
  );
};

/** "I love to draw", "I exercise every day": a liking or a habit needs no object. */
const isDeed = (head: Token, rest: readonly Token[]): boolean => {
  if (/^(?:like|love|enjoy|hate|prefer|dislike|want|plan|adore)$/.test(head.lemma))
    return rest.some((token) => token.pos === 'VERB' && isTelling(token));
  const isHabit = rest.some(({ lower }) =>
    /^(?:every|daily|often|weekly|usually|always|regularly|twice|never)$/.test(lower),
  );
  return isHabit && !isPastForm(head);
};

/** Whether what the speaker says of themselves is specific enough to be worth remembering. */
const isSelfWorth = (tokens: readonly Token[], { at, verb }: Subject): boolean => {
  const head = tokens[verb];
  if (!head) return false;
  const rest = tokens.slice(at + 1);
  const weight = weightOf([...tokens.slice(0, at), ...rest]);
  const main = mainVerb(tokens, verb);
  const aim = main && tokens[tokens.indexOf(main) + 1]?.lower;
  const isHope =
    (main?.lemma === 'hope' && aim === 'to') || (main?.lower === 'thinking' && (aim === 'of' || aim === 'about'));
  if (!isHope && [main?.lemma, head.lemma, head.lower].some((word) => MENTAL.has(word ?? ''))) return false;
  if (main && /^(?:talk|chat|speak|catch)$/.test(main.lemma) && tokens[at]?.lower === 'we') return false;
  if (/^(?:know|remember|feel)$/.test(head.lemma)) return weight >= (rest.some(({ lower }) => lower === 'how') ? 2 : 3);
  if (isOfTheMoment(rest) && weight < 3 && !hasAnchor(rest)) return false;
  if (head.lower === 'ca' && tokens[verb + 2]?.lower === 'wait') return weight >= (hasAnchor(rest) ? 1 : 2);
  if (isMood(tokens, verb)) return weight >= (hasAnchor(rest) ? 2 : 3);
  if (weight >= 2) return true;
  if (
    /^(?:work|study|live)$/.test(head.lemma) &&
    isPlainPresent(head) &&
    rest.some((token) => isNoun(token) || token.pos === 'NUM')
  )
    return true;
  if (weight === 0) return false;
  const isDated = rest.some(({ lower }) => DAYS.test(lower));
  if (isPastForm(head) && /^(?:take|go|make|do|see|give|come)$/.test(head.lemma) && !hasAnchor(rest) && !isDated)
    return false;
  // "User rested a bit", "User had to ask": a bare deed says something only with its day.
  const isBare = !rest.some(
    (token) => isTelling(token) && (isNoun(token) || token.pos === 'ADJ' || token.pos === 'NUM'),
  );
  // "User crochets" says something, "User drives it" does not.
  const after = tokens.slice(verb + 1);
  if (after.every(({ pos }) => pos === 'ADV' || pos === 'PUNCT')) return tokens[at]?.lower === 'i' && !isPastForm(head);
  if (head.lower === 'used' && after[0]?.lower === 'to') return true;
  if (isBare && (head.lemma === 'get' || (main !== head && isDenied(rest)))) return true;
  if (isBare) return isDeed(head, rest) || (isPastForm(head) && isTelling(head) && isDated);
  return true;
};

/** "This one", "their faces", "there is hope": a subject that only somebody who was there can place. */
const isShown = (tokens: readonly Token[], { at }: Subject): boolean => {
  const [first, second] = [tokens[at], tokens[at + 1]];
  if (/^(?:here|there|their|his|its|theirs)$/.test(first?.lower ?? '')) return true;
  return (
    /^(?:this|that|these|those|such)$/.test(first?.lower ?? '') &&
    first?.pos !== 'PRON' &&
    !/^(?:morning|afternoon|evening|week|weekend|month|year|time|summer|winter|spring|fall|autumn|past|last|coming)$/.test(
      second?.lower ?? '',
    )
  );
};

/** "Maria works at Acme": little is said, and all of it lasts. */
const isPlaced = (tokens: readonly Token[], { at, verb }: Subject): boolean =>
  tokens[at]?.pos === 'PROPN' &&
  /^(?:live|work|study|teach|own|lead|manage|attend|speak)$/.test(tokens[verb]?.lemma ?? '') &&
  tokens.slice(verb + 1).some(({ pos }) => pos === 'PROPN' || pos === 'NUM');

/** Whether a clause, as the speaker wrote it, tells something lasting or specific. */
export const isWorth = (tokens: readonly Token[], subject: Subject): boolean => {
  const weight = weightOf(tokens);
  if (subject.kind !== 'self' && (isShown(tokens, subject) || isModal(tokens[subject.verb]))) return false;
  switch (subject.kind) {
    case 'self':
      return isSelfWorth(tokens, subject);
    case 'mine':
      return weight >= 2;
    case 'they':
      return weight >= 2 && /^(?:it|he|she|they|this|that|these|those)$/.test(tokens[subject.at]?.lower ?? '');
    case 'thing':
      if (/^(?:sound|look|seem)s?$/.test(tokens[subject.verb]?.lower ?? '')) return false;
      if (/\b(?:photo|picture|pic)s?\b/.test(tokens[subject.at + 1]?.lower ?? '')) return false;
      return tokens.some(({ lower }) => /^(?:me|my|us|our|i|we|mine|myself|ourselves)$/.test(lower))
        ? weight >= (tokens[subject.at]?.lower === 'the' ? 3 : 2)
        : weight >= (isPlaced(tokens, subject) ? 2 : 3) &&
            isNamedStatement(textOf(tokens)) &&
            tokens.some(({ pos }, at) => pos === 'PROPN' && (at > 0 || !/(?:s|ing|ed)$/.test(tokens[0]?.lower ?? '')));
    default:
      return false;
  }
};

const SUPPOSED = /^(?:could|would|should|may|might|must|shall|can)$/;
/** "I can swim" is a skill; "I can call them" is a thought. */
const SKILLS =
  /^(?:speak|play|swim|drive|read|cook|type|eat|drink|hear|see|walk|ride|sing|dance|ski|code|sew|fly|juggle)$/;

/** Whether the main verb says what may be, not what is; "would love to" is a wish, and wishes last. */
export const isSupposed = (tokens: readonly Token[], { verb }: Subject): boolean => {
  const [modal, next] = [tokens[verb]?.lower ?? '', tokens[verb + 1]];
  if (modal === 'can' && (next?.lower === 'not' || SKILLS.test(next?.lower ?? ''))) return false;
  return SUPPOSED.test(modal) && !/^(?:love|like)$/.test(next?.lower ?? '');
};

/** "The teachers are kind" belongs to what was said before it: a definite thing without a name or a first person. */
export const isElaborating = (tokens: readonly Token[], { at }: Subject): boolean =>
  tokens[at]?.lower === 'the' &&
  weightOf(tokens) >= 2 &&
  !tokens.some(({ lower }) => /^(?:me|my|us|our|i|we)$/.test(lower));
