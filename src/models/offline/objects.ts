import type { Fact } from './fact.js';
import { contentStems } from './words.js';

/** Words that name no particular thing: "Twitter account" is "Twitter", whoever says it. */
export const GENERIC = new Set(
  contentStems(
    'account subscription membership app service thing year month week day time habit plan job role altogether completely anymore good recently ago last new current daily regular use uses using have has like likes love enjoy enjoys take takes taking work works working',
  ),
);
/** Stems that name the thing a text is about. */
export const specific = (text: string): string[] =>
  contentStems(text).filter((word) => !GENERIC.has(word) && word !== 'user');
/** Whether both facts can be about the same owner; a thing without a name may be anyone's. */
export const isOf = (old: Fact, fresh: Fact): boolean =>
  old.owner === fresh.owner || old.owner === '' || fresh.owner === '' || fresh.owner === 'company';
