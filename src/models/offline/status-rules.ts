import type { Fact } from './fact.js';
import { haveDifferentContexts } from './moods.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';

const STATUS =
  /^(?:is|are|has been|was|went|entered|moved|has|got)?\s?(?:moved |put |set |marked )?(?:in|into|to|under|on|at|as)? ?(?:the |an? )?(open|closed|unblocked|(?:design|code|legal|security|peer)? ?review|design|development|progress|testing|qa|staging|production|shipped|deployed|launched|released|merged|done|complete|completed|finished|blocked|paused|on hold|hold|cancelled|canceled|pending|approved|rejected|resolved|fixed|draft|published|live|delivered|in transit|backlog|planning|beta|alpha|onboarding|churned|trial|discovery|negotiation|signed|archived|reopened|won|lost|overdue|paid|active|inactive|scheduled|in stock|out of stock|discontinued|deprecated|settled|finali[sz]ed|concluded|confirmed|ratified|dismissed|expired|renewed|granted|denied|filled|sold out|sold|for sale|unresolved|proposal|awaiting \w+|resumed|on track|on schedule|ahead of schedule|behind schedule|at risk|implementation|under way|underway|ongoing|delayed|started|cleared|enabled|disabled|online|offline|down|available|unavailable|occupied|vacant|empty|full|broken|repaired|\w+ (?:stage|phase)|(?:on|off)(?=$))\b/;

const TIMED = /\b(?:\w+days?|weekends?|mornings?|afternoons?|evenings?|nights?|summer|winter|spring|autumn)\b/;

const statusOf = ({ predicate }: Fact): string | null => STATUS.exec(predicate.toLowerCase())?.[1]?.trim() ?? null;

/** A named thing (feature, bug, customer, order) has one status at a time. */
export const statusRule: Rule = (old, fresh) => {
  const isThing = old.owner !== 'user' || old.possession !== '';
  if (
    !isThing ||
    old.owner !== fresh.owner ||
    old.possession !== fresh.possession ||
    !/^(?:is|are) /i.test(old.predicate)
  )
    return null;
  const before = statusOf(old);
  const after = statusOf(fresh);
  if (before === null || after === null) return null;
  // Open on Sundays and closed on Mondays go together.
  if (TIMED.test(old.lower) && TIMED.test(fresh.lower) && haveDifferentContexts(old, fresh)) return null;
  const isDone = /^(?:completed|finished)/i.test(fresh.predicate);
  if (before === after && !isDone) return null;
  const isVague =
    /^(?:blocked|paused|overdue|active|scheduled|on hold|hold|started|delayed|down|available|full|empty)$/.test(after);
  return supersedes(isVague ? 0.8 : 0.92, 'A thing has one status at a time, and the new fact gives a later one.');
};
