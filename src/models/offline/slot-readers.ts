import { isTool } from './kinds.js';

const VALUE_END =
  /\s(?:for|with|because|after|since|as|last|this|and|but|where|when|near|from|by|while|until|starting|to|on|next|so|which|who|in (?:\d{4}|january|february|march|april|may|june|july|august|september|october|november|december|a|the)\b)\b.*$|[,;(:].*$/i;
/** The value without what follows or introduces it. */
export const valueOf = (raw: string): string =>
  raw
    .replace(VALUE_END, '')
    .replace(/^(?:the|a|an) /i, '')
    .replace(/^(?:central|downtown|northern|southern|eastern|western|greater|inner) (?=\p{Lu})/u, '')
    .trim();

export const isName = (value: string): boolean => /^\p{Lu}/u.test(value);
const NOT_A_PLACE =
  /\b(?:team|department|role|position|job|plan|group|division|project|app|tool|framework|editor|database|house|apartment|tier)$/i;
/** Parts of a company and firms that one "moves to" without moving house. */
const NOT_A_TOWN =
  /^(?:marketing|sales|engineering|finance|hr|human resources|product|support|operations|legal|design|it|research|management|google|microsoft|amazon|meta|apple|netflix|uber|airbnb|python|rust|typescript|javascript|go|java|kotlin|swift|kubernetes|docker|terraform)$/i;
const isPlace = (value: string): boolean =>
  isName(value) && !NOT_A_PLACE.test(value) && !NOT_A_TOWN.test(value) && !isTool(value);
/** What one joins besides an employer. */
const NOT_A_FIRM =
  /\b(?:club|gym|church|choir|band|team|group|league|association|society|party|program|programme|class|course|library|union|orchestra|community|forum|reddit|linkedin|twitter|mastodon|bluesky|tiktok|instagram|facebook|strava|duolingo|patreon|twitch|tinder|bumble|hinge|discord|whatsapp|telegram|spotify|fitness|crossfit|yoga)\b/i;
const isFirm = (value: string): boolean => isName(value) && !NOT_A_FIRM.test(value) && !isTool(value);
const isDwelling = (value: string): boolean =>
  /\b(?:dorms?|house|apartment|flat|studio|condo|townhouse|bungalow|houseboat|boat|loft|basement|cabin|cottage|farm|trailer|suburbs|countryside|city|village|barracks)$/.test(
    value,
  );
const JOB_WORD =
  /\b(?:engineer|developer|manager|teacher|nurse|doctor|designer|analyst|lawyer|accountant|consultant|scientist|director|architect|founder|ceo|cto|cfo|coo|vp|intern|lead|head|chef|programmer|professor|researcher|editor|writer|journalist|assistant|associate|officer|president|technician|administrator|coordinator|specialist|supervisor|principal|pilot|electrician|plumber|carpenter|mechanic|barista|waiter|waitress|cashier|driver|clerk|therapist|psychologist|pharmacist|dentist|surgeon|veterinarian|paramedic|recruiter|partner|engineering|management|representative|strategist|producer|librarian|photographer|cook|baker|bartender|receptionist|secretary|firefighter|sergeant|lieutenant|trainer|operator|sales\w*)\b/i;
const isJob = (value: string): boolean => JOB_WORD.test(value);

/** Reads one attribute from a predicate. */
export interface Reader {
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
export const READERS: readonly Reader[] = [
  state('residence', /^(?:lives?|resides?|is (?:based|living|residing)) (?:\w+ )?in (.+)/i, isPlace),
  change('residence', /^(?:has |have )?(?:moved|relocated)(?: back| home| house)?(?: from [^,]+?)? to (.+)/i, isPlace),
  change('residence', /^(?:has |have )?(?:moved|settled) (?:in|into) (.+)/i, isPlace),
  state('dwelling', /^(?:lives?|is living) (?:in|on) (?:an? |the |their )?(.+)/i, isDwelling),
  change('dwelling', /^(?:has |have )?moved (?:out )?(?:in|into|to) (?:an? |the |their )?(.+)/i, isDwelling),
  state(
    'employer',
    /^(?:works?|is working|has worked|has been working)(?: \w+ly)?(?: (?:as|in) .+?)? (?:at|for) (.+)/i,
    isEmployer,
  ),
  state('employer', /^is employed (?:at|by) (.+)/i, isEmployer),
  state(
    'employer',
    new RegExp(`^is (?:an? |the |now )?(?=[^,]*${JOB_WORD.source})[^,]*?\\b\\w+ (?:at|for) (\\p{Lu}.+)`, 'u'),
  ),
  change('employer', /^(?:has )?(?:joined|switched jobs to|changed jobs to|moved jobs to) (.+)/i, isFirm),
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
  state('pronouns', /^(?:uses?|goes by|is) ((?:he|she|they|xe|ze)\/\w+)/i, () => true),
  state('pronouns', /^(?:uses?|goes by) (.+?) pronouns/i, () => true),
  state('called', /^is (?:named|called) (.+)/i),
  change('called', /^(?:was |has been |got )?(?:rebranded|renamed)(?: itself)?(?: as| to)? (.+)/i),
  change('surname', /^changed (?:his|her|their|the) (?:last |family |sur)name(?: from .+?)? to (.+)/i),
  change('surname', /^(?:took|adopted) (?:the|his|her|their|\w+['’]s) (?:sur|last |family )name,? ?(.+)/i),
  change('called', /^changed (?:his|her|their|its|the) (?:\w+ )?name(?: from .+?)? to (.+)/i),
];
