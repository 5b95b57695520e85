import type { Fact } from './fact.js';
import { isTool } from './kinds.js';

/** One attribute that a fact gives a value to. */
export interface Slot {
  /** What is told, e.g. "residence" or "user|primary email". */
  key: string;
  value: string;
  /** Told as a change ("moved to") and not as a state ("lives in"). */
  isChange: boolean;
}

const VALUE_END =
  /\s(?:for|with|because|after|since|as|last|this|and|but|where|when|near|from|by|while|until|starting|to|on|next|so|which|who|in (?:\d{4}|january|february|march|april|may|june|july|august|september|october|november|december|a|the)\b)\b.*$|[,;(:].*$/i;
const valueOf = (raw: string): string =>
  raw
    .replace(VALUE_END, '')
    .replace(/^(?:the|a|an) /i, '')
    .trim();

const isName = (value: string): boolean => /^\p{Lu}/u.test(value);
const NOT_A_PLACE =
  /\b(?:team|department|role|position|job|plan|group|division|project|app|tool|framework|editor|database|house|apartment|tier)$/i;
const isPlace = (value: string): boolean => isName(value) && !NOT_A_PLACE.test(value) && !isTool(value);
const JOB_WORD =
  /\b(?:engineer|developer|manager|teacher|nurse|doctor|designer|analyst|lawyer|accountant|consultant|scientist|director|architect|founder|ceo|cto|cfo|coo|vp|intern|lead|head|chef|programmer|professor|researcher|editor|writer|journalist|assistant|associate|officer|president|technician|administrator|coordinator|specialist|supervisor|principal|pilot|electrician|plumber|carpenter|mechanic|barista|waiter|waitress|cashier|driver|clerk|therapist|psychologist|pharmacist|dentist|surgeon|veterinarian|paramedic|recruiter|partner|engineering|management|representative|strategist|producer|librarian|photographer|sales\w*)\b/i;
const isJob = (value: string): boolean => JOB_WORD.test(value);

interface Reader {
  key: string;
  pattern: RegExp;
  isChange: boolean;
  accepts: (value: string) => boolean;
}
const state = (key: string, pattern: RegExp, accepts: Reader['accepts'] = isName): Reader => ({
  key,
  pattern,
  isChange: false,
  accepts,
});
const change = (key: string, pattern: RegExp, accepts: Reader['accepts'] = isName): Reader => ({
  key,
  pattern,
  isChange: true,
  accepts,
});
const isEmployer = (value: string): boolean =>
  value !== '' &&
  !/^(?:night|home|fun|himself|herself|themselves|themself|a living|free|days|weekends|least|\d)/i.test(value);

/** Read from the predicate; the subject is known already. */
const READERS: readonly Reader[] = [
  state('residence', /^(?:lives?|resides?|is (?:based|living|residing)) (?:\w+ )?in (.+)/i, isPlace),
  change('residence', /^(?:has |have )?(?:moved|relocated)(?: back| home| house)?(?: from [^,]+?)? to (.+)/i, isPlace),
  change('residence', /^(?:has |have )?(?:moved|settled) (?:in|into) (.+)/i, isPlace),
  state(
    'employer',
    /^(?:works?|is working|has worked|has been working)(?: \w+ly)?(?: (?:as|in) .+?)? (?:at|for) (.+)/i,
    isEmployer,
  ),
  state('employer', /^is employed (?:at|by) (.+)/i),
  state('employer', /^is (?:an? |the |now )?[^,]*?\b\w+ (?:at|for) (\p{Lu}.+)/iu),
  change('employer', /^(?:has )?(?:joined|switched jobs to|changed jobs to|moved jobs to) (.+)/i),
  change(
    'employer',
    /^(?:has )?(?:started|began)(?: (?:working|work|a (?:new )?(?:\w+ )?(?:job|role|position)|as .+?))? (?:at|with|for) (.+)/i,
  ),
  change(
    'employer',
    /^(?:has )?(?:accepted|took|got|landed|signed)(?: (?:an?|the|their|his|her))?(?: new)?(?: job)? (?:\w+ )?(?:offer|job|position|role)(?: as .+?)? (?:at|from|with) (.+)/i,
  ),
  change('employer', /^(?:was|got|has been) hired (?:by|at)(.+)/i, isEmployer),
  state('role', /^(?:works?|is working) as (.+)/i, isJob),
  state('role', /^is (?:an?|the) (.+)/i, isJob),
  change('role', /^(?:got |was |has been |is )?promoted to (.+)/i, () => true),
  change(
    'role',
    /^(?:became|has become|transitioned to|moved into|stepped up as|took over as) (?:an? |the )?(.+)/i,
    isJob,
  ),
  state('team', /^(?:plays|is playing|drives|is driving) for (.+)/i),
  state(
    'position',
    /^plays (?:as|in|the position of|in the position of) (?:an? |the )?(.+?)(?: position)?$/i,
    (value) => value !== '' && !isName(value),
  ),
  state('pronouns', /^(?:uses?|goes by) (.+?) pronouns/i, () => true),
  state('called', /^is (?:named|called) (.+)/i),
  change('called', /^(?:was |has been |got )?(?:rebranded|renamed)(?: itself)?(?: as| to)? (.+)/i),
  change('called', /^changed (?:his|her|their|its|the) (?:\w+ )?name(?: from .+?)? to (.+)/i),
];

const keyed = (fact: Fact, key: string): string => `${fact.owner}|${fact.possession}|${key}`;

/** "User's name is X" and "User is called X" fill the same slot. */
const nameSlot = (fact: Fact): Slot | null => {
  const own = /^(?:(.*?) ?)(?:full |legal |first |last |maiden )?name$/.exec(fact.possession);
  const value = /^(?:is|was changed to|changed to) (.+)/i.exec(fact.predicate)?.[1];
  if (!own || value === undefined || /\bof\b/.test(fact.possession)) return null;
  return {
    key: `${fact.owner}|${own[1] ?? ''}|called`,
    value: valueOf(value),
    isChange: fact.predicate.startsWith('changed'),
  };
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
  const name = nameSlot(fact);
  return name ? [...slots, name] : slots;
};

/** The bare attribute of a slot key: "residence" of "user||residence". */
export const attributeOf = (slot: Slot): string => slot.key.slice(slot.key.lastIndexOf('|') + 1);
