import { Slice } from '../../slice.js';
import type { ExtractInput, ExtractedFact, Message } from '../llm.js';
import { createAntecedents } from './antecedents.js';
import { dateIn } from './dates.js';
import { loadTagger } from './nlp.js';
import { recommendationsIn } from './recommendations.js';
import { eachSentence } from './sentences.js';
import type { Sentence } from './sentences.js';
import { speakerName } from './speaker.js';
import { statementsOf } from './telling.js';
import type { Reading, Speaker } from './telling.js';
import { topicOf } from './topics.js';

/** A fact with what its next sentences add. */
const LONGEST_JOINED = 220;
/** What people type themselves is shorter. */
const LONGEST_CHAT = 1_200;
const FUTURE =
  /\b(?:will|going to|plans?|planning|wants?|intends?|aims?|next|upcoming|tomorrow|deadline|due|birthday|scheduled|booked)\b/i;

interface Origin {
  messageIndex: number;
  sentence: Sentence;
}

const factOf = (text: string, origin: Origin, sessionDate: Date): ExtractedFact => ({
  text,
  ...topicOf(text),
  messageIndex: origin.messageIndex,
  span: { start: origin.sentence.start, end: origin.sentence.end },
  // A date of something still to come says when it happens, not since when the plan is known.
  validFrom: FUTURE.test(text) ? null : dateIn(text, sessionDate),
});

/** The facts of one message, each with the sentences it takes from. */
const factsIn = async (
  content: string,
  reading: Reading,
  slice: Slice,
): Promise<{ text: string; sentence: Sentence }[]> => {
  const facts: { text: string; sentence: Sentence }[] = [];
  let lastIndex = -2;
  let index = -1;
  for (const sentence of eachSentence(content)) {
    index += 1;
    await slice.rest();
    for (const { text, isTail } of statementsOf(sentence.text, reading)) {
      const before = facts.at(-1);
      if (!isTail) facts.push({ text, sentence });
      else if (before && index - lastIndex < 2 && before.text.length + text.length < LONGEST_JOINED) {
        // "She got a van; it is green": apart from the first half nobody could tell what "it" is.
        const { start } = before.sentence;
        facts[facts.length - 1] = {
          text: `${before.text}; ${text}`,
          sentence: { text: content.slice(start, sentence.end), start, end: sentence.end },
        };
      } else continue;
      lastIndex = index;
    }
  }
  return facts;
};

const asksForNews = (message: Message | undefined): boolean =>
  /\b(?:up to|doing|been|new|plans?|working on|busy|going on|happening)\b[^.!?]*\?\s*$/i.test(
    message?.content.slice(-200) ?? '',
  );

const isPasted = (content: string): boolean => content.length > LONGEST_CHAT || (content.match(/\n/g) ?? []).length > 4;

const recommended = (content: string, asked: string, messageIndex: number): ExtractedFact[] =>
  recommendationsIn(content, asked).map(({ name, sentence }) => ({
    text: `Assistant recommended ${name}`,
    topic: 'Recommendations',
    importance: 4,
    messageIndex,
    span: { start: sentence.start, end: sentence.end },
    validFrom: null,
  }));

/** Who speaks in each message: the name given with it, else the one that the user goes by. */
const speakersOf = (messages: readonly Message[], known: readonly string[]): ((message: Message) => Speaker) => {
  const user = speakerName(
    messages.filter(({ name }) => name === undefined),
    known,
  );
  const names = [...new Set(messages.map(({ name }) => name).filter((name) => name !== undefined))];
  return ({ name }) => ({
    name: name ?? user,
    isNamed: name !== undefined,
    others: names.filter((other) => other !== name),
  });
};

/** The atomic third-person facts that the messages state, in order, each with the sentence that supports it. */
export const extractFacts = async ({ messages, sessionDate, known }: ExtractInput): Promise<ExtractedFact[]> => {
  const tag = await loadTagger();
  const slice = new Slice();
  const speakerOf = speakersOf(messages, known);
  const antecedents = createAntecedents();
  const facts = new Map<string, ExtractedFact>();
  const keep = (fact: ExtractedFact): unknown => facts.has(fact.text) || facts.set(fact.text, fact);
  for (const [messageIndex, message] of messages.entries()) {
    await slice.rest();
    if (message.role === 'assistant')
      recommended(message.content, messages[messageIndex - 1]?.content ?? '', messageIndex).forEach(keep);
    if (message.role !== 'user') continue;
    const reading = {
      tag,
      antecedents,
      speaker: speakerOf(message),
      isPasted: isPasted(message.content),
      isReply: asksForNews(messages[messageIndex - 1]),
    };
    for (const { text, sentence } of await factsIn(message.content, reading, slice))
      keep(factOf(text, { messageIndex, sentence }, sessionDate));
  }
  return [...facts.values()];
};
