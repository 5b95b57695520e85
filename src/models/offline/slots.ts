import type { Fact } from './fact.js';
import { READERS, isName, valueOf } from './slot-readers.js';

/** One attribute that a fact gives a value to. */
export interface Slot {
  /** What is told, e.g. "residence" or "user|primary email". */
  key: string;
  value: string;
  /** Told as a change ("moved to") and not as a state ("lives in"). */
  isChange: boolean;
}

const keyed = (fact: Fact, key: string): string => `${fact.owner}|${fact.possession}|${key}`;

/** A last name says nothing of the first. */
const partOfName = (part: string): string =>
  /^(?:last|maiden|sur|family)/.test(part) ? 'surname' : /^first/.test(part) ? 'first name' : 'called';

/** "User's name is X" and "User is called X" fill the same slot. */
const nameSlot = (fact: Fact): Slot | null => {
  const renamed = /^renamed (?:the |his |her |their |its )?([a-z]+)(?: from \S+)?(?: to| as)? (\p{Lu}.*)/u.exec(
    fact.predicate,
  );
  if (renamed && fact.possession === '')
    return { key: `${fact.owner}|${renamed[1] ?? ''}|called`, value: valueOf(renamed[2] ?? ''), isChange: true };
  const own = /^(?:(.*?) ?)(full |legal |first |last |maiden |sur|family )?name$/.exec(fact.possession);
  const value = /^(?:is|was changed to|changed to) (.+)/i.exec(fact.predicate)?.[1];
  if (!own || value === undefined || /\bof\b/.test(fact.possession)) return null;
  return {
    key: `${fact.owner}|${own[1] ?? ''}|${partOfName(own[2] ?? '')}`,
    value: valueOf(value),
    isChange: fact.predicate.startsWith('changed'),
  };
};

/** "X's team is Y" and "X plays for Y" fill the same slot. */
const teamSlot = (fact: Fact): Slot | null => {
  const value = /^is (.+)/i.exec(fact.predicate)?.[1];
  if (
    value === undefined ||
    !isName(value) ||
    !/^(?:(?:football|basketball|current|nba) )*(?:team|club)$/.test(fact.possession)
  )
    return null;
  return { key: `${fact.owner}||team`, value: valueOf(value), isChange: false };
};

/** The attributes with one value at a time that a fact tells. */
export const slotsOf = (fact: Fact): Slot[] => {
  const slots: Slot[] = [];
  for (const { key, pattern, isChange, accepts } of READERS) {
    const raw = pattern.exec(fact.predicate)?.[1]?.trim();
    if (raw === undefined) continue;
    const value =
      key === 'role'
        ? raw.replace(/^(?:an?|the) /i, '').replace(/ (?:at|for|with|in|on) .*$|[,;(].*$/, '')
        : valueOf(raw);
    if (value !== '' && accepts(value)) slots.push({ key: keyed(fact, key), value, isChange });
  }
  return [...slots, nameSlot(fact), teamSlot(fact)].filter((slot) => slot !== null);
};

/** The bare attribute of a slot key: "residence" of "user||residence". */
export const attributeOf = (slot: Slot): string => slot.key.slice(slot.key.lastIndexOf('|') + 1);
