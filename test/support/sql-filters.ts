import pg from 'pg';

/** What the program itself writes into its SQL to keep to one account and one tenant, and what makes it always true. */
const FILTERS: [condition: RegExp, always: string][] = [
  [/(?:"\w+"\."\w+"|"\w+")\."account_id" = (\$\d+)/g, '($1::uuid IS NOT NULL)'],
  [/(?:"\w+"\."\w+"|"\w+")\."tenant_id" = (\$\d+)/g, '($1::text IS NOT NULL)'],
  [/"public"\."accounts"\."id" = (\$\d+)/g, '($1::uuid IS NOT NULL)'],
  [/\b(?:\w+\.)?account_id = (\$\d+)::uuid/g, '($1::uuid IS NOT NULL)'],
  [/\b(?:\w+\.)?tenant_id = (\$\d+)(?!:)/g, '($1::text IS NOT NULL)'],
  [/\b(?:\w+\.)?tenant_id = (\w+\."tenantId")/g, '($1 IS NOT NULL)'],
  [
    /\b(FROM accounts WHERE|UPDATE accounts SET [^;]*? WHERE|a\.id = k\.account_id WHERE|WHERE) (?:a\.)?id = (\$\d+)::uuid(?=\s*(?:FOR UPDATE|\)|$))/g,
    '$1 ($2::uuid IS NOT NULL)',
  ],
  [/account_id = %L::uuid AND tenant_id = %L/g, '%L::uuid IS NOT NULL AND %L IS NOT NULL'],
];

type Query = (config: unknown, ...more: unknown[]) => unknown;

/**
 * Which of the filters to take away: those of accounts, but for the one on the account's own row (without any guard no write would
 * come to its end), that one as well, or also those of tenants where the session acts for one: elsewhere nothing but the program
 * knows which tenant is meant.
 */
export type Removed = 'rows of accounts' | 'accounts' | 'accounts and bound tenants';

/**
 * Takes the program's own conditions out of every statement that this process sends from now on: what holds then is the
 * database's alone. Gives a way back, and how many statements were changed.
 */
export function removeFilters(removed: Removed): { restore: () => void; count: () => number } {
  const ofAccounts = FILTERS.filter(
    ([{ source }]) => !source.includes('tenant') && (removed !== 'rows of accounts' || !source.includes('accounts')),
  );
  const filtersOf = (client: object): typeof FILTERS =>
    removed === 'accounts and bound tenants' && bound.has(client) ? FILTERS : ofAccounts;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const bound = new WeakSet<object>();

  const { query } = prototype;
  let changed = 0;
  prototype.query = function (this: object, config, ...more) {
    if (typeof config !== 'object' || config === null || !('text' in config) || typeof config.text !== 'string')
      return query.call(this, config, ...more);
    // The store tells a session for whom it acts: its role, its account, and '=' with its tenant.
    if ('name' in config && config.name === 'act' && 'values' in config && Array.isArray(config.values)) {
      if (config.values[2] === '') bound.delete(this);
      else bound.add(this);
    }
    const text = filtersOf(this).reduce((sql, [condition, always]) => sql.replace(condition, always), config.text);
    if (text !== config.text) changed += 1;
    return query.call(this, { ...config, text }, ...more);
  };
  return { restore: () => (prototype.query = query), count: () => changed };
}
