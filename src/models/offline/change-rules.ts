import type { Fact } from './fact.js';
import { rivalsIn } from './kinds.js';
import { isAboutPast, isNegated } from './moods.js';
import { isOf, specific } from './objects.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
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

const sharesVerbNow = (old: Fact, fresh: Fact): boolean =>
  /\bnow\b/.test(fresh.lower) &&
  old.predicate.split(' ')[0]?.toLowerCase() === fresh.predicate.split(' ')[0]?.toLowerCase();

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
  if (isSwitch && left === null && rivalsIn(old.text, fresh.text) && objectHolds)
    return supersedes(0.9, 'The new fact names a switch to another thing of the same kind.');
  return null;
};

const ALTERED =
  /\b(?:moved|rescheduled|changed|switched|shifted|pushed|postponed|brought forward|updated|adjusted|increased|decreased|raised|lowered|reduced|cut|extended|shortened|revised|bumped|relocated|transferred|delayed|renegotiated)\b/;

const PERSON =
  /\b(?:roommate|flatmate|friend|sister|brother|mother|father|mom|dad|wife|husband|partner|girlfriend|boyfriend|son|daughter|cousin|aunt|uncle|neighbou?r|colleague|coworker|boss|manager|teacher|parents?)s?$/;

/** "The review was moved to Friday": what changed is named, and the old fact is about it. */
export const alteredRule: Rule = (old, fresh) => {
  const match = ALTERED.exec(fresh.lower);
  // A relative who moved house changes nothing of what else is said of them.
  if (!match || PERSON.test(fresh.possession) || !isOf(old, fresh) || isAboutPast(old)) return null;
  const rest = fresh.lower.slice(match.index + match[0].length);
  const to = / (?:back |forward |up |down |out )?(?:from .{1,60} )?(?:to|until|into|by) /.exec(` ${rest}`);
  if (!to) return null;
  const object = [...specific(`${fresh.lower.slice(0, match.index)} ${` ${rest}`.slice(0, to.index)}`)].filter(
    (word) => !contentStems(fresh.owner).includes(word),
  );
  const share = coverage(object, old.stems);
  return object.length > 0 && share >= 0.6
    ? supersedes(share === 1 ? 0.92 : 0.88, 'The new fact says that what the old one states was changed.')
    : null;
};

const UPGRADE = /\b(?:upgraded|downgraded|updated|traded up)\b.*? to (?:an? |the )?(?:new )?(.+)$/i;

/** A later model of the same product replaces the one owned or used so far. */
export const upgradeRule: Rule = (old, fresh) => {
  const target = UPGRADE.exec(fresh.predicate)?.[1];
  if (target === undefined || old.owner !== fresh.owner || isAboutPast(old) || isNegated(old)) return null;
  const names = specific(target).filter((word) => !/^\d/.test(word));
  const share = coverage(names, old.stems);
  return share >= 0.5 ? supersedes(0.9, 'The new fact names a later model of the same thing.') : null;
};

const PREPOSITIONAL = /^(\w+)(?: \w+)?? (by|at|on|in|with|for|from|to|as) (.+)$/i;

/** "Now commutes by train": the same verb and preposition with another object, and a word that says it changed. */
export const nowRule: Rule = (old, fresh) => {
  if (!/\bnow\b/.test(fresh.lower) || old.owner !== fresh.owner || old.possession !== fresh.possession) return null;
  const before = PREPOSITIONAL.exec(old.predicate);
  const after = PREPOSITIONAL.exec(fresh.predicate);
  if (!before || !after || isAboutPast(old) || before[2] !== after[2]) return null;
  const isSameVerb = before[1]?.toLowerCase() === after[1]?.toLowerCase() && !/^(?:goes|went)$/i.test(before[1] ?? '');
  return isSameVerb && coverage(contentStems(after[3] ?? ''), old.stems) < 1
    ? supersedes(0.88, 'The new fact says that this is now done otherwise.')
    : null;
};
