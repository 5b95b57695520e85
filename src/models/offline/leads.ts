const LEADS: readonly RegExp[] = [
  /^(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|yo|dear)(?:\s+(?:there|everyone|all|again|team|folks|assistant))?\s*(?:[,!.:–—-]+\s*|\s+(?=(?:i|my|we|our|i['’]m)\b)|$)/i,
  /^(?:quick |small |big |life |status )?(?:update|news|fyi|reminder|note|correction|for (?:the record|context|your information)|context|background|heads[- ]up|ps|p\.s\.|btw|by the way|fun fact|to be clear|in fact|as it happens)\s*[:,–—-]\s*/i,
  /^so far,? so good\s*[-–—,.!]+\s*/i,
  /^like (?=I\b)/i,
  /^I (?:think|guess|believe|feel like|suppose)(?: that)? (?=(?:I|my)\b)/i,
  /^(?:(?:as )?for me(?=,? I\b)|same (?:here|with (?:me|us)))\s*[,–—-]?\s*/i,
  /^(?:speaking of [^,]{2,30}),\s+/i,
  /^(?:well|so|oh|ah|aw+|wow|whoa|woah|woo|woohoo|yay|yup|haha+|lol|omg|hue|man|dude|nah|ah yeah?|ah|yeah? well|wait|btw|hmm+ no|absolutely|definitely|exactly|totally|of course|for sure|however|thankfully|yes|yeah|yep|no|nope|ok|okay|sure|right|actually|anyway|also|and|but|thanks|thank you|honestly|basically|plus|great|cool|nice|hmm+|um|uh|look|listen|you know|as you know|guess what|check (?:it|this|that|these|them) out|great news|good news|bad news|sadly|unfortunately|luckily|fortunately|finally)(?:[,!.:–—-]+\s*|\s+(?=(?:i|my|we|our|i['’](?:m|ve)|yeah|yes|well|yep)\b))/i,
  /^(?:please\s+)?(?:remember|note|keep in mind|bear in mind|don['’]t forget|know|be aware)\s+that\s+/i,
  /^(?:I (?:just |really )?(?:wanted? to|have to|need to|must|should) (?:tell you|say|share|mention|admit|let you know)(?: with you)?(?: that| about how)?|you (?:will not|won't) believe (?:it|this|what happened)|guess what|I (?:am|was) (?:happy|glad|excited|proud) to (?:say|report|share|announce|tell you)(?: that)?)\s*[,:!–—-]?\s+/i,
  /^(?:just so you know|so you know|for what it['’]s worth|just to let you know|i (?:just )?(?:want(?:ed)? to|should) (?:mention|say|add|share|note|let you know) that)\s*,?\s+/i,
  /^[\p{Extended_Pictographic}\uFE0F\u200D\s]+/u,
];

/** Names that are called out, at the front or at the end: "Thanks, Kim!", "I moved, Kim." Short forms count. */
const withoutCalls = (text: string, names: readonly string[]): string =>
  names.reduce((rest, name) => {
    const first = name.split(' ')[0] ?? name;
    const called = `(?:${escaped(first)}|${escaped(first.slice(0, Math.max(3, Math.ceil(first.length / 2))))}\\p{Ll}*)`;
    return rest
      .replace(new RegExp(`^(?:\\p{L}+,? )?${called}\\s*(?:[,!.:–—-]+\\s*|$)`, 'u'), '')
      .replace(new RegExp(`,\\s*${called}(?=\\s*(?:[.!?,]|$))`, 'gu'), '');
  }, text);
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Takes greetings, names called out and connecting words off: "Hi, I am Alice." must not be lost with its "Hi". */
export const withoutLeads = (text: string, names: readonly string[] = []): string => {
  let rest = text.trim();
  for (let round = 0; round < 6; round += 1) {
    const before = rest;
    for (const lead of LEADS) rest = rest.replace(lead, '');
    rest = withoutCalls(rest, names);
    if (rest === before) break;
  }
  return rest;
};

const ASKS =
  /(?:,|;|\s[-–—]|\.\.\.|…)?\s+(?:(?:so|and|but|or)\s+)?(?:can|could|would|will|do|does|did|is|are|was|were|should|shall|may|have|has|any|what|how|which|who|where|when|why|wanna|right|huh|you)\b[^.]*\?\s*$/i;
const WH =
  /^(?:(?:what|how|why|where|which|who|whose|whom)(?! (?:I|my|we|our)\b)|(?:what|how|why|where|when|which|who) (?:do|did|does|is|are|was|were|will|would|can|should|am)|(?:is|are|was|were|am|has|have|any|wanna) (?:you|I|it|that|there|this|the|he|she|they|we|your|chance|plans|news))\b/i;

/** The part of a sentence that states something: all of it, what stands before a question, or nothing. */
export const statedPart = (text: string): string => {
  if (WH.test(text)) return '';
  if (!text.trimEnd().endsWith('?')) return text;
  const asked = ASKS.exec(text);
  return asked && asked.index > 8 && /^(?:I|my|we|our)\b/i.test(text) && /^[,;….-]|^\s[-–—]/.test(asked[0])
    ? text.slice(0, asked.index)
    : '';
};
