const INJECTION =
  /\b(?:ignore|disregard|forget|override|bypass|reveal|repeat|print|output)\b.{0,60}\b(?:instructions?|prompts?|rules?|memor(?:y|ies)|guidelines?|polic(?:y|ies)|everything|context|secrets?|system)\b/i;
const ADDRESSED = /\b(?:you|your|yours|you're|you'll|you've)\b/i;
const HYPOTHETICAL =
  /\b(?:if i|if we|if my|might|maybe|perhaps|probably|possibly|wish|would|i'd|could|what if|suppose|imagine|pretend|hypothetically|i guess|not sure|unsure|wonder(?:ing)?|i think|i hope|hopefully|i may|we may|should|must|let's|let me|in case|unless|assum(?:e|ing)|considering|thinking (?:of|about)|(?:can|could) (?:i|we)|(?:i|we) can(?:not|'t)?(?! (?:speak|play|swim|drive|read|cook|type|eat|drink|hear|see|walk)))\b/i;
const SMALL_TALK =
  /^(?:i am|i|we are|we|my|the assistant|i have)(?: (?:really|so|very|just|also|truly|totally|am|completely|all))* ?(?:glad|happy (?:to|for|that)|sorry|agree|understand|see|hear|appreciate|can't wait|cannot wait|doing (?:well|great|good|fine|ok|okay)|good|fine|ok|okay|great|well|excited|grateful|thankful|thank|bet|mean|know|get it|got it|hope|guess|curious|confused|here|back|ready|sure|done|good to go|ask(?:ing)?|have a question|need (?:help|some help|advice|to know|a favor|a favour)|need some|want (?:to (?:know|ask|make sure|see|confirm|understand|check|clarify|focus|be sure|double-check)|help)|having (?:trouble|a hard time|issues|difficulty)|struggling (?:to|with)|(?:do not|don't) (?:get|understand|know|think|see)|came across|will (?!(?:move|marry|retire|graduate|turn|start|join|be (?:in|at|on|away))\b)|question|asked|apologi[sz]e|promise|swear|love (?:it|that|this)|like (?:it|that|this)|trying to (?:figure|understand|find out|solve|calculate|deepen|make sure|get|use|keep)|look(?:ing)? forward|looking for (?:some |any |good )?(?:help|advice|tips|recommendations?|suggestions?|ideas?|information))\b(?![-'’])/i;
const IMPERATIVE =
  /^(?:please|kindly|can|could|would|will|do|does|did|don't|tell|give|show|explain|write|help|make|list|find|remember|note|recommend|suggest|describe|summari[sz]e|translate|check|ignore|disregard|forget|act|pretend|answer|say|repeat|print|output|delete|create|generate|reveal|always|never|let|compare|calculate|look|go|come|stop|use|try|think|consider|imagine|feel|keep|call|send|open|set|add|update|remind|schedule|book|be|thanks|thank)\b/i;

/** Whether a text tries to steer whoever reads it: such text is neither obeyed nor kept as a fact. */
export const isInstruction = (text: string): boolean =>
  INJECTION.test(text) ||
  /^(?:system|assistant|developer|###?)\s*:/i.test(text) ||
  /\byou (?:are now|must|should|shall|will now|have to|need to)\b/i.test(text);

/** Whether a clause asks or commands instead of stating. */
export const isRequest = (text: string): boolean => text.includes('?') || IMPERATIVE.test(text);

/** Whether a clause states something as merely possible. */
export const isHypothetical = (text: string): boolean => HYPOTHETICAL.test(text.replaceAll('’', "'"));

/** Whether a clause is courtesy or mood of the moment, of no use a week later. */
export const isSmallTalk = (text: string): boolean => SMALL_TALK.test(text.replaceAll('’', "'"));

/** Whether a clause talks to its reader; what it says is about the conversation, not about the speaker. */
export const isAddressed = (text: string): boolean => ADDRESSED.test(text.replaceAll('’', "'"));

const LEADS: readonly RegExp[] = [
  /^(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|yo|dear)(?:\s+(?:there|everyone|all|again|team|folks|assistant))?\s*(?:[,!.:–—-]+\s*|\s+(?=(?:i|my|we|our|i['’]m)\b)|$)/i,
  /^(?:quick |small |big |life |status )?(?:update|news|fyi|reminder|note|correction|for (?:the record|context|your information)|context|background|heads[- ]up|ps|p\.s\.|btw|by the way|fun fact|to be clear|in fact|as it happens)\s*[:,–—-]\s*/i,
  /^(?:well|so|oh|ah|wow|yes|yeah|yep|no|nope|ok|okay|sure|right|actually|anyway|also|and|but|thanks|thank you|honestly|basically|plus|great|cool|nice|hmm+|um|uh|look|listen|you know|as you know|guess what|great news|good news|bad news|sadly|unfortunately|luckily|fortunately|finally)(?:[,!.:–—-]+\s*|\s+(?=(?:i|my|we|our|i['’](?:m|ve))\b))/i,
  /^(?:please\s+)?(?:remember|note|keep in mind|bear in mind|don['’]t forget|know|be aware)\s+that\s+/i,
  /^(?:just so you know|so you know|for what it['’]s worth|just to let you know|i (?:just )?(?:want(?:ed)? to|should) (?:mention|say|add|share|note|let you know) that)\s*,?\s+/i,
  /^[\p{Extended_Pictographic}\uFE0F\u200D\s]+/u,
];

/** Takes greetings and connecting words off the front: "Hi, I am Alice." must not be lost with its "Hi". */
export const withoutLeads = (text: string): string => {
  let rest = text.trim();
  for (let round = 0; round < 6; round += 1) {
    const before = rest;
    for (const lead of LEADS) rest = rest.replace(lead, '');
    if (rest === before) break;
  }
  return rest;
};
