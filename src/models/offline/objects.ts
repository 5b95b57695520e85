import type { Fact } from './fact.js';
import { POST } from './scope.js';
import { frameOf } from './phrases.js';
import { contentStems, coverage, isDerived } from './words.js';

/** Words that name no particular thing: "Twitter account" is "Twitter", whoever says it. */
export const GENERIC = new Set(
  contentStems(
    'account subscription membership app service thing year month week day time habit plan job role altogether completely anymore good recently ago last new current daily regular diet use uses using have has like likes love enjoy enjoys take takes taking work works working',
  ),
);
/** Stems that name the thing a text is about. */
export const specific = (text: string): string[] =>
  contentStems(text).filter((word) => !GENERIC.has(word) && word !== 'user');
/** Whether a fact about something of the owner's has to do with what another fact says: the thing is named there. */
const isNamedIn = (possession: string, { stems }: Fact): boolean =>
  possession === '' ||
  POST.test(possession) ||
  contentStems(possession).some((word) => stems.some((other) => isDerived(word, other)));

const hasValueOf = (old: Fact, fresh: Fact): boolean => {
  const { object } = frameOf(old.predicate);
  // A figure is what changes; its unit is in many facts.
  return !/\d/.test(object) && coverage(contentStems(object), fresh.stems) === 1;
};

/** "Typing speed" and "reading speed": each has a word of which the other fact knows nothing. */
const areOtherThings = (old: Fact, fresh: Fact): boolean => {
  const [a, b] = [contentStems(old.possession), contentStems(fresh.possession)];
  return a.length > 0 && b.length > 0 && coverage(a, fresh.stems) < 1 && coverage(b, old.stems) < 1;
};

/** Whether both facts can be about the same owner and thing; a thing without a name may be anyone's. */
export const isOf = (old: Fact, fresh: Fact): boolean => {
  if (fresh.owner === 'company') return isNamedIn(old.possession, fresh);
  const isOneOwner = old.owner === fresh.owner || old.owner === '' || fresh.owner === '';
  if (!isOneOwner || (areOtherThings(old, fresh) && !hasValueOf(old, fresh))) return false;
  // "Replaced the iPad" names the old tablet by its value.
  return isNamedIn(fresh.possession, old) && (isNamedIn(old.possession, fresh) || hasValueOf(old, fresh));
};
