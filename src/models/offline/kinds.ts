const kind = (members: string): ReadonlySet<string> => new Set(members.split(', '));

/** Things of one kind of which a person has one at a time by choice: choosing one replaces the other. */
const KINDS: readonly ReadonlySet<string>[] = [
  kind('light, dark, light mode, dark mode, light theme, dark theme'),
  kind('metric, imperial, metric units, imperial units, celsius, fahrenheit'),
  kind('aisle, window, aisle seat, window seat, aisle seats, window seats, middle seats'),
  kind('tea, coffee, espresso, matcha, decaf, green tea, black tea'),
  kind(
    'vs code, vscode, visual studio code, cursor, vim, neovim, emacs, sublime, sublime text, intellij, webstorm, pycharm, zed, atom, jetbrains',
  ),
  kind('postgres, postgresql, mysql, mariadb, sqlite, mongodb, dynamodb, oracle, sql server, cassandra, redis'),
  kind('aws, azure, gcp, google cloud, digitalocean, heroku, vercel, netlify, render, fly.io, railway, cloudflare'),
  kind('openai, anthropic, gemini, claude, gpt-4, chatgpt, mistral, llama, cohere'),
  kind('windows, macos, linux, ubuntu, fedora, debian, arch linux, mac, pc'),
  kind('iphone, android, pixel, samsung, galaxy'),
  kind('chrome, firefox, safari, edge, brave, arc, opera'),
  kind(
    'visa, mastercard, amex, american express, paypal, apple pay, google pay, credit card, debit card, bank transfer, cash, invoice, wire transfer, ach',
  ),
  kind('slack, teams, microsoft teams, discord, mattermost, google chat'),
  kind('jira, linear, asana, trello, monday.com, clickup, basecamp, notion, github issues'),
  kind('github, gitlab, bitbucket'),
  kind('email, phone, text, sms, slack messages, phone calls, video calls, texts, calls, whatsapp'),
  kind('react, vue, angular, svelte, solid'),
  kind('npm, yarn, pnpm, bun'),
  kind('spotify, apple music, youtube music, tidal, deezer'),
  kind('gmail, outlook, protonmail, fastmail'),
  kind('stripe, paddle, braintree, adyen, paypal'),
  kind('rest, graphql, grpc'),
  kind('tabs, spaces'),
  kind('remote, hybrid, on-site, onsite, in-office, remotely, from home, in the office'),
  kind('jenkins, github actions, circleci, gitlab ci, travis'),
];

const plain = (value: string): string =>
  value
    .toLowerCase()
    .replace(/^(?:an?|the|her|his|their|its) /, '')
    .trim();

/** Whether two values are different choices of one kind. */
export const areRivals = (one: string, other: string): boolean => {
  const [a, b] = [plain(one), plain(other)];
  return a !== b && KINDS.some((members) => members.has(a) && members.has(b));
};

/** Whether a value is a known tool or product, hence no place to live in. */
export const isTool = (value: string): boolean => KINDS.some((members) => members.has(plain(value)));

/** Members of the same kind named in two texts, e.g. an editor in each. */
export const rivalsIn = (before: string, after: string): boolean => {
  const has = (text: string, member: string): boolean =>
    ` ${text.toLowerCase().replace(/[^\p{L}\p{N}. -]/gu, ' ')} `.includes(` ${member} `);
  return KINDS.some((members) =>
    [...members].some(
      (member) =>
        has(before, member) &&
        !has(after, member) &&
        [...members].some((other) => has(after, other) && !has(before, other)),
    ),
  );
};
