const INJECTION =
  /\b(?:ignore|disregard|forget|override|bypass|reveal|repeat|print|output)\b.{0,60}\b(?:instructions?|prompts?|rules?|memor(?:y|ies)|guidelines?|polic(?:y|ies)|everything|context|secrets?|system)\b/i;
const ADDRESSED = /\b(?:you|your|yours|you're|you'll|you've)\b/i;
const HYPOTHETICAL =
  /\b(?:^if|(?<!even )if (?:i|we|my|you)|maybe|perhaps|probably|possibly|wish|what if|suppose|imagine|pretend|hypothetically|i guess|not sure|unsure|wonder(?:ing)?|i think|i hope(?! to)|hopefully|let's|let me|in case|unless|assum(?:e|ing)|(?:can|could) (?:i|we)|^(?:i|we) can(?:not|'t) (?:believe|help|imagine|think|remember|stop|tell|say|agree|thank|figure|find|seem|decide|complain|get|see|even|do|be|make))\b/i;
const SMALL_TALK =
  /^(?:i am|i|we are|we|my|the assistant|i have)(?: (?:really|so|very|just|also|truly|totally|am|completely|all))* ?(?:glad|happy (?:to (?!share)|for you|that you)|sorry|agree|understand|see|hear|appreciate|doing (?:well|great|good|fine|ok|okay)|good|fine|ok|okay|great|well|thank|bet|mean|know(?! how to)|get it|got it|hope(?! to)|guess|curious|confused|here|back|ready|sure|done|good to go|ask(?:ing)?|have a question|need (?:help|some help|advice|to know|a favor|a favour)|need some|want (?:to (?:know|ask|make sure|see|confirm|understand|check|clarify|focus|be sure|double-check)|help)|having (?:trouble|a hard time|issues|difficulty)|struggling (?:to|with)|(?:do not|don't) (?:get (?!along)|understand|know|think|see)|came across|will (?:(?:definitely|surely|always|still|all|also|just) )?(?:keep (?!bees)|let|check|look|add|try|get|see|do|make (?:it|a difference|sure)|send|show|share|tell|think|find|come over|have to|need|be (?:sure|here|there|able|expecting|fine|ok|okay|back|happy|glad)|reach|remember|consider|give it|take (?:it|care|note)|go with|use (?:it|this|that|these|those))|question|asked|apologi[sz]e|promise|swear|love (?:it|that|this)|like (?:it|that|this)|trying to (?:figure|understand|find out|solve|calculate|deepen|make sure|get|use|keep)|looking for (?:some |any |good )?(?:help|advice|tips|recommendations?|suggestions?|ideas?|information))\b(?![-'’])/i;
const IMPERATIVE =
  /^(?:just (?:take|look|check|imagine|remember)|please|kindly|can|could|would|will|do|does|did|don't|tell|give|show|explain|write|help|make|list|find|remember|note|recommend|suggest|describe|summari[sz]e|translate|check|ignore|disregard|forget|act|pretend|answer|say|repeat|print|output|delete|create|generate|reveal|always|never|let|compare|calculate|look|go|come|stop|use|try|think|consider|imagine|feel|keep|call|send|open|set|add|update|remind|schedule|book|be|thanks|thank)\b/i;

/** Whether a text tries to steer whoever reads it: such text is neither obeyed nor kept as a fact. */
export const isInstruction = (text: string): boolean =>
  INJECTION.test(text) ||
  /^(?:system|assistant|developer|###?)\s*:/i.test(text) ||
  /\byou (?:are now|must|should|shall|will now|have to|need to)\b/i.test(text);

/** Whether a clause asks or commands instead of stating. */
export const isRequest = (text: string): boolean => text.includes('?') || IMPERATIVE.test(text);

/** Whether a clause states something as merely possible. */
export const isHypothetical = (text: string): boolean => HYPOTHETICAL.test(text.replaceAll('’', "'"));

/** What is over by the evening. */
const MOMENTARY =
  /^(?:I am|we are)(?: (?:just|still|currently|now|right now|also|really))* (?:eating|resting|gaming|sleeping|heading|leaving|waiting|chilling|laying|lying|showering|napping|typing|texting|craving|about to|getting ready|going to (?:go )?(?:to )?(?:sleep|shower|nap|eat|brush|rest|head|lie|bed|leave|take a (?:nap|shower|break)))\b/i;

const TONIGHT =
  /^(?:now |also )?(?:I am|we are|I will|we will) .*\b(?:tonight|in a (?:bit|minute|sec|second|moment))$/i;

/** "We spend time together", "I've been playing for months": who with, and what, was said before or never. */
const UNSAID =
  /\bwe\b.*\btogether$|\bwe are (?:both|all)\b|\b(?:playing|doing|using|practi[cs]ing) (?:for|since)\b|\bkeep(?:ing)? busy$/i;

/** Whether a clause is courtesy or mood of the moment, of no use a week later. */
export const isSmallTalk = (text: string): boolean => {
  const plain = text.replaceAll('’', "'");
  return SMALL_TALK.test(plain) || MOMENTARY.test(plain) || TONIGHT.test(plain) || UNSAID.test(plain);
};

/** Whether a clause talks to its reader; what it says is about the conversation, not about the speaker. */
export const isAddressed = (text: string): boolean => ADDRESSED.test(text.replaceAll('’', "'"));

/** Whether a sentence quotes an answer of this server: what it repeats is known already. */
export const isQuoted = (text: string): boolean => /\[mem-\d+\]/i.test(text);
