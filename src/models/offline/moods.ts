import type { Fact } from './fact.js';

const HEDGED =
  /\b(?:might|may (?!\d)|maybe|perhaps|probably|possibly|considering|considers|thinking (?:of|about)|thinks? (?:of|about)|(?:plans|planned|planning) (?:to|on|for)|plan to|planning (?:to|on|a|for)|wants? to|would like|hopes?|hoping|would|could|intends?|dreams? of|interested in|wishes|is going to|will|looking (?:into|at|to|for)|exploring|evaluating|weighing|tempted|if|unsure|not sure|aims?|thought about|considered|about to|next (?:week|month|year|summer|spring|fall|autumn|winter)|someday|eventually|debating|rumou?red|trying to)\b/;
const ADDITIVE =
  /\b(?:also|too|as well|in addition|additional(?:ly)?|another|(?<!every )other|(?:second|third)(?![ -](?:year|grade|floor|semester|trimester|term|round|phase|stage|draft|week|month)\b)|besides|along with|alongside|on top of|on the side|side (?:job|business|project|hustle|gig)|extra)\b/;
const NEGATED =
  /\b(?:no longer|not|never|doesn't|does not|don't|isn't|aren't|hasn't|didn't|cannot|can't|won't|any ?more|without|stopped|hates?|dislikes?|avoid(?:s|ing)?|skips?|no)\b/;
const ONE_OFF =
  /\b(?:yesterday|today|tonight|tomorrow|this (?:morning|afternoon|evening|week|weekend|month|monday|tuesday|wednesday|thursday|friday|saturday|sunday|time|once)|last (?:night|week|weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|once|for (?:a|one|two|the) (?:day|week|month|few \w+|weekend|trip)|temporar\w+|on vacation|on holiday|visit(?:ed|ing)|travel(?:l?ing|l?ed)|trip|tried|trying (?:out)?|test-?drove|borrow\w*|rented a|guest|at the moment|ordered)\b/;
const PAST =
  /\b(?:used to|formerly|previously|once|in (?:19|20)\d\d|back in|years ago|ex-|former|until (?:19|20)\d\d|was|were|had|as a child|grew up|when (?:he|she|they|user) (?:was|were))\b/;

const AIM =
  / to (?:accommodate|allow|include|better|improve|enhance|ensure|support|handle|avoid|give|make|help|cover|meet|fit|focus|further|account|reduce|save|let|finish|complete|reach|prepare)\b.*$|, (?:\w+ly )?(?!thinking|considering|planning|hoping|wanting)\w+ing\b.*$| (?:after|because|due to|so that|since|as|before|in order to) .*$/;

/** The main clause: "to allow another guest" says why something changed, and nothing of how sure the change is. */
const mainClause = ({ lower }: Fact): string => lower.replace(AIM, '');

/** Whether the fact is only planned, wished or weighed: such a fact ends nothing. */
export const isHedged = (fact: Fact): boolean => HEDGED.test(mainClause(fact));
/** Whether the fact says that it stands beside others. */
export const isAdditive = (fact: Fact): boolean => ADDITIVE.test(mainClause(fact));
/** Whether the fact denies something. */
export const isNegated = ({ lower }: Fact): boolean => NEGATED.test(lower);
/** Whether the fact tells of days long gone: it says nothing of how things stand. */
export const isLongPast = ({ lower }: Fact): boolean =>
  /\b(?:as a (?:child|kid|teenager|student)|used to|years ago|growing up|formerly|back in|in (?:his|her|their) (?:youth|childhood|twenties|teens)|once (?:had|was|lived|worked))\b/.test(
    lower,
  );
/** "Stopped avoiding the gym" denies nothing of the gym. */
export const isDoublyNegated = ({ lower }: Fact): boolean =>
  lower.split(NEGATED).length > 2 && !/\b(?:no longer|any ?more)\b/.test(lower);
/** Whether the fact is about one occasion: one run does not end a habit of running. */
export const isOneOff = ({ lower }: Fact): boolean => ONE_OFF.test(lower);
/** Whether the fact is about a time gone by: it stays true whatever comes later. */
export const isAboutPast = ({ lower }: Fact): boolean => PAST.test(lower);

const CONTEXT =
  /\b(?:work|home|office|school|personal|business|mornings?|afternoons?|evenings?|nights?|weekdays?|weekends?|summer|winter|spring|autumn|breakfast|lunch|dinner|mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|travel\w*|mobile|desktop|laptop|backup|staging|production|development|secondary|emergency|abroad|parties|vacations?|frontend|backend|meetings|coding|writing|front-end|back-end|kids|gym|car|phone)\b/g;

/**
 * Whether both facts name a setting (work, mornings, Tuesdays) and not the same one: then both can hold. The values
 * that the facts give are left out: in "is in production" production is no setting.
 */
export const haveDifferentContexts = (old: Fact, fresh: Fact, values: readonly string[] = []): boolean => {
  const [before, after] = [old, fresh].map(({ lower }, index) => {
    const text = lower.replace((values[index] ?? '').toLowerCase(), '');
    return new Set([...text.matchAll(CONTEXT)].map(([word]) => word.replace(/s$/, '')));
  });
  if (!before || !after || (before.size === 0 && after.size === 0)) return false;
  return before.size !== after.size || [...before].some((word) => !after.has(word));
};
