import type { Fact } from './fact.js';
import { endsInMember, isState, rivalryIn } from './kinds.js';
import { isAboutPast, isNegated } from './moods.js';
import { isOf, specific } from './objects.js';
import { frameOf, headOf, nounPhrase } from './phrases.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { isElsewhere } from './scope.js';
import { compareValues } from './values.js';
import { contentStems, coverage } from './words.js';

const SWITCH =
  /\b(?:switch\w*|migrat\w*|mov(?:ed|ing)|chang(?:ed|ing)|convert\w*|transition\w*|shift\w*|went)\b(.*?)\b(?:from (.+?) )?to (.+)$/i;
const REPLACED =
  /\b(?:replaced|swapped|ditched|dropped|traded(?: in)?|exchanged) (.+?) (?:with|for|in favou?r of) (.+)$/i;
const INSTEAD = /\b(?:instead of|rather than|in place of) (.+)$/i;

/** What the new fact says was left behind, word for word; null if it names nothing. */
const leftBehind = (fresh: Fact): string | null => {
  const replaced = REPLACED.exec(fresh.predicate)?.[1] ?? INSTEAD.exec(fresh.predicate)?.[1];
  if (replaced !== undefined) return replaced;
  const from = /\bfrom (.+?) to /i.exec(fresh.predicate)?.[1] ?? /\bto .+? from (.+)$/i.exec(fresh.predicate)?.[1];
  return from !== undefined && SWITCH.test(fresh.predicate) ? from : null;
};

const sharesVerbNow = (old: Fact, fresh: Fact): boolean => {
  const [before = '', after = ''] = [old, fresh].map(({ predicate }) => predicate.split(' ')[0]?.toLowerCase());
  return /\bnow\b/.test(fresh.lower) && before === after && !/^(?:is|are|has|have)$/.test(before);
};

/** "Uses cash for groceries now" says nothing of what else is paid by card. */
const isNarrower = (old: Fact, fresh: Fact): boolean => {
  const purpose = contentStems(frameOf(fresh.predicate).details.get('for') ?? '');
  return purpose.length > 0 && coverage(purpose, old.stems) === 0;
};

/** Whether the old fact is about a thing of a kind itself: "credit card debt" is about no card. */
const isAboutRival = (old: Fact, fresh: Fact): boolean => {
  const rivalry = rivalryIn(old.text, fresh.text);
  if (!rivalry || (rivalry.before === 'visa' && !old.text.includes('Visa'))) return false;
  const { object, details } = frameOf(old.predicate);
  return [object, ...details.values()].some((phrase) => endsInMember(phrase, rivalry.before));
};

/** "Switched from A to B" ends A; "switched to B" ends another of its kind. */
export const switchRule: Rule = (old, fresh) => {
  if (!isOf(old, fresh) || isAboutPast(old) || isNegated(old)) return null;
  const left = leftBehind(fresh);
  const isLeft = left !== null && coverage(specific(left), old.stems) === 1;
  const object = SWITCH.exec(fresh.predicate)?.[1] ?? '';
  const objectHolds = specific(object).length === 0 || coverage(specific(object), old.stems) >= 0.5;
  if (isLeft && objectHolds) return supersedes(0.95, 'The new fact says that the old choice was left for another.');
  const isSwitch =
    SWITCH.test(fresh.predicate) ||
    /\b(?:now uses|uses .+ now|now prefers)\b/.test(fresh.lower) ||
    sharesVerbNow(old, fresh);
  if (isSwitch && left === null && isAboutRival(old, fresh) && !isNarrower(old, fresh) && objectHolds)
    return supersedes(0.9, 'The new fact names a switch to another thing of the same kind.');
  return null;
};

const ALTERED =
  /\b(?:moved|rescheduled|changed|switched|shifted|pushed|postponed|brought forward|updated|adjusted|increased|decreased|raised|lowered|reduced|cut|extended|shortened|revised|bumped|relocated|transferred|delayed|renegotiated|upgraded|downgraded|refinanced|grew|grown|expanded|rose|risen|fell|climbed|bumped up|optimized|improved)\b/;

const PERSON =
  /\b(?:roommate|flatmate|friend|sister|brother|mother|father|mom|dad|wife|husband|partner|girlfriend|boyfriend|son|daughter|cousin|aunt|uncle|neighbou?r|colleague|coworker|boss|manager|teacher|parents?)s?$/;

const MOVED =
  /^(?:has |have |was |got |been )*(?:moved|switched|transferred|changed|migrated|converted|upgraded|downgraded|reassigned|promoted|graduated)(?: over| up| down)? (?:to|into|onto) (.+)$/i;

/** "Moved to the growth team" after "works on the payments team": another one of what the old fact names. */
export const moveRule: Rule = (old, fresh) => {
  const target = MOVED.exec(fresh.predicate)?.[1];
  if (target === undefined || !isOf(old, fresh) || isAboutPast(old) || isNegated(old)) return null;
  const phrase = nounPhrase(target.toLowerCase());
  const head = headOf(phrase);
  const { object, details } = frameOf(old.predicate);
  const [before, after] = [details.get('for') ?? '', frameOf(fresh.predicate).details.get('for') ?? ''];
  if (before !== '' && compareValues(before, after) === 'same')
    return supersedes(0.93, 'The new fact names a switch to something else for the same purpose.');
  const match = [object, ...details.values()].find((one) => headOf(one) === head);
  // Of plans and tiers there are many kinds: only two of one kind exclude each other.
  if (/^(?:plan|tier|version|account|subscription|level)$/.test(head) && rivalryIn(match ?? '', phrase) === null)
    return null;
  if (!/\p{L}{2}/u.test(head) || match === undefined || compareValues(match, phrase) !== 'other') return null;
  return supersedes(0.92, 'The new fact names a move to another one of what the old fact names.');
};

const FIGURE =
  /(?<![\p{L}\d])\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|\w+days?|one|two|three|four|five|six|seven|eight|nine|ten|once|twice|noon|midnight)\b/u;

/** A laptop upgraded to 32 GB is still a laptop: a figure replaces a figure, and "from A" something that A is about. */
const isOfAnotherSort = (old: Fact, fresh: Fact, rest: string): boolean => {
  const target = / (?:to|until|into|by) (.+)$/.exec(rest)?.[1] ?? '';
  const from = contentStems(/ from (.+?) to /.exec(fresh.lower)?.[1] ?? '');
  const isFigure = FIGURE.test(nounPhrase(target)) && !FIGURE.test(old.lower);
  return isFigure || (from.length > 0 && coverage(from, old.stems) === 0);
};

/** "The review was moved to Friday": what changed is named, and the old fact is about it. */
export const alteredRule: Rule = (old, fresh) => {
  const match = ALTERED.exec(fresh.lower);
  // A relative who moved house changes nothing of what else is said of them.
  if (!match || PERSON.test(fresh.possession) || !isOf(old, fresh) || isAboutPast(old)) return null;
  const rest = fresh.lower.slice(match.index + match[0].length);
  const to = / (?:back |forward |up |down |out )?(?:from .{1,60} )?(?:to|until|into|by) /.exec(` ${rest}`);
  if (!to) return null;
  if (isElsewhere(old, fresh) || isOfAnotherSort(old, fresh, rest)) return null;
  const [before, after] = [fresh.lower.slice(0, match.index), ` ${rest}`.slice(0, to.index)];
  const own = contentStems(fresh.owner);
  const object = specific(`${before} ${after}`).filter((word) => !own.includes(word));
  const head = headOf(nounPhrase(before)) || headOf(nounPhrase(after));
  const share = coverage(object, old.stems);
  // "The score" is one of many scores where the old fact says much else.
  const isVague = object.length === 1 && old.stems.length > 6;
  if (object.length === 0 || share < 0.6 || isVague) return null;
  return share === 1 || old.stems.includes(head) || own.includes(head)
    ? supersedes(share === 1 ? 0.92 : 0.88, 'The new fact says that what the old one states was changed.')
    : null;
};

const UPGRADE = /\b(?:upgraded|downgraded|updated|traded up)\b.*? to (?:an? |the )?(?:new )?(.+)$/i;

/** A later model of the same product replaces the one owned or used so far. */
export const upgradeRule: Rule = (old, fresh) => {
  const target = UPGRADE.exec(fresh.predicate)?.[1];
  if (target === undefined || old.owner !== fresh.owner || isAboutPast(old) || isNegated(old)) return null;
  const names = specific(target).filter((word) => !/^\d/.test(word) && !isState(word));
  const share = coverage(names, old.stems);
  return share >= 0.5 ? supersedes(0.9, 'The new fact names a later model of the same thing.') : null;
};
