/** What an API key may be allowed, each for itself. */
export const SCOPES = [
  /** Memories, their timelines, audits and events: lists, search, feeds. */
  'memories:read',
  /** To store, import, close, retract, revert and delete memories. */
  'memories:write',
  /** To ask questions, and keep standing ones: answers with the memories that they cite. */
  'query',
  /** The key's settings, the account's plan and its webhooks. */
  'settings',
  /** Supersessions that await a person: to see and to decide them. */
  'review',
  /** To make and change keys of the account, none with more rights than its own. */
  'keys',
  /** Plans of all accounts: for the operator of the server. */
  'admin',
  /** To ask the GraphQL schema about itself. */
  'schema:read',
] as const;

export type Scope = (typeof SCOPES)[number];

/** What a key is for where nobody says: all but to administer keys and accounts. */
export const DEFAULT_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== 'keys' && scope !== 'admin');

/** Of the first key of a server, with which others can be made; plans stay the operator's. */
export const FIRST_KEY_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== 'admin');
