import { wordsOf } from './words.js';

/** Things of one kind of which a person has one at a time by choice: choosing one replaces the other. */
const CHOICES: readonly string[] = [
  'light, dark, light mode, dark mode, light theme, dark theme',
  'metric, imperial, metric units, imperial units, celsius, fahrenheit',
  'aisle, window, aisle seat, window seat, middle seat',
  'tea, coffee, espresso, matcha, decaf, green tea, black tea',
  'vs code, vscode, visual studio code, cursor, vim, neovim, emacs, sublime, sublime text, intellij, webstorm, pycharm, zed, atom, jetbrains, helix',
  'postgres, postgresql, mysql, mariadb, sqlite, mongodb, dynamodb, oracle, sql server, cassandra, redis',
  'aws, azure, gcp, google cloud, digitalocean, heroku, vercel, netlify, render, fly io, railway, cloudflare, hetzner',
  'openai, anthropic, gemini, claude, gpt 4, chatgpt, mistral, llama, cohere',
  'windows, windows 10, windows 11, macos, linux, ubuntu, fedora, debian, arch linux, mac, pc, chromeos',
  'iphone, android, pixel, samsung, galaxy',
  'chrome, firefox, safari, edge, brave, arc, opera, vivaldi',
  'visa, mastercard, amex, american express, paypal, apple pay, google pay, credit card, debit card, bank transfer, cash, invoice, wire transfer, ach, direct debit, check, cheque, venmo, gift card',
  'slack, teams, microsoft teams, discord, mattermost, google chat',
  'jira, linear, asana, trello, monday com, clickup, basecamp, notion, github issue',
  'github, gitlab, bitbucket',
  'email, phone, text, text message, sms, slack message, phone call, video call, call, whatsapp',
  'react, vue, angular, svelte, solid',
  'npm, yarn, pnpm, bun',
  'spotify, apple music, youtube music, tidal, deezer',
  'gmail, outlook, protonmail, fastmail',
  'stripe, paddle, braintree, adyen, paypal',
  'rest, graphql, grpc',
  'tab, space',
  'jenkins, github action, circleci, gitlab ci, travis',
  'bus, train, car, bike, bicycle, subway, metro, tram, ferry, on foot, scooter, motorcycle',
];

/** States that exclude each other by what they mean, whoever is in them. */
const STATES: readonly string[] = [
  'remote, hybrid, on site, onsite, in office, remotely, from home, in the office',
  'part time, full time, half time',
  'public, private',
  'open, closed',
  'active, inactive, churned, dormant',
  'monthly, yearly, annual, annually, weekly, quarterly, biweekly, every month, every year, every week, every other week',
  'free, basic, starter, standard, premium, pro, plus, business, enterprise, professional, ultimate, essential',
  'bronze, silver, gold, platinum, diamond',
  'junior, senior, head, lead, principal, staff, assistant, deputy, trainee, apprentice, intern',
  'night shift, day shift, evening shift, morning shift, late shift, early shift',
  'digital, print, paper',
  'preschool, kindergarten, elementary school, middle school, high school, first grade, second grade, third grade, fourth grade, fifth grade, sixth grade, seventh grade, eighth grade, ninth grade, tenth grade',
  'first floor, second floor, third floor, fourth floor, fifth floor, ground floor, top floor, basement',
  'first trimester, second trimester, third trimester',
  'freshman, sophomore, junior year, senior year, first year, second year, third year, fourth year, final year',
  'manual, automatic',
  'high, low, normal, elevated',
  'interim, acting, permanent, temporary',
  'backup, starting, substitute, reserve',
  'individual, family, student, duo',
  'cloud, on prem, on premise, self hosted',
  'landscape, portrait',
  'left handed, right handed',
  'stage 1, stage 2, stage 3, stage 4',
];

const normal = (text: string): string[] =>
  wordsOf(text).map((word) =>
    word.length > 4 && /[^siu]s$/.test(word) && word !== 'macos' ? word.slice(0, -1) : word,
  );

const index = (kinds: readonly string[]): ReadonlyMap<string, ReadonlySet<number>> => {
  const found = new Map<string, Set<number>>();
  for (const [number, members] of kinds.entries())
    for (const member of members.split(', ')) {
      const key = normal(member).join(' ');
      found.set(key, (found.get(key) ?? new Set()).add(number));
    }
  return found;
};
const BY_NAME = index([...CHOICES, ...STATES]);
const LONGEST = 3;

/** The members that a text names, the longest wording first: "windows 11" is no mention of "windows". */
const membersIn = (text: string): string[] => {
  const words = normal(text);
  const found: string[] = [];
  for (let at = 0; at < words.length; at += 1)
    for (let length = LONGEST; length > 0; length -= 1) {
      const member = words.slice(at, at + length).join(' ');
      if (at + length > words.length || !BY_NAME.has(member)) continue;
      found.push(member);
      at += length - 1;
      break;
    }
  return found;
};

const shareKind = (one: string, other: string): boolean =>
  [...(BY_NAME.get(one) ?? [])].some((kind) => BY_NAME.get(other)?.has(kind) === true);
const isStateName = (member: string): boolean =>
  [...(BY_NAME.get(member) ?? [])].some((kind) => kind >= CHOICES.length);

const plain = (value: string): string => normal(value.replace(/^(?:an?|the|her|his|their|its|by) /i, '')).join(' ');

/** Whether two values are different choices of one kind. */
export const areRivals = (one: string, other: string): boolean => {
  const [a, b] = [plain(one), plain(other)];
  return a !== b && shareKind(a, b);
};

/** Whether a value is a known tool or product, hence no place to live in. */
export const isTool = (value: string): boolean => BY_NAME.has(plain(value));

/** Two members of one kind, of which each text names only its own. */
export interface Rivalry {
  before: string;
  after: string;
  /** They exclude each other by meaning, and not by choice alone. */
  isState: boolean;
}

export const rivalryIn = (before: string, after: string): Rivalry | null => {
  const [a, b] = [membersIn(before), membersIn(after)];
  for (const one of a)
    for (const other of b)
      if (one !== other && !b.includes(one) && !a.includes(other) && shareKind(one, other))
        return { before: one, after: other, isState: isStateName(one) && isStateName(other) };
  return null;
};

/** Whether a phrase is about the member: it is its last word. */
export const endsInMember = (phrase: string, member: string): boolean =>
  ` ${normal(phrase).join(' ')}`.endsWith(` ${member}`);

/** Whether a word names a state, e.g. "free", and no product. */
export const isState = (word: string): boolean => BY_NAME.has(word) && isStateName(word);
