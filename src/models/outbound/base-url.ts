import { isIP } from 'node:net';
import type { ByoConfig } from '../../config.js';
import { AppError } from '../../errors.js';
import { isPublicAddress } from './addresses.js';
import { bareHost, isNamed } from './hosts.js';

/** Names that never lead to the open internet: a word alone, and the endings that are reserved for one's own network. */
const INSIDE_NAME =
  /^[^.]*$|(^|\.)(localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|test|invalid|onion)$/;

const refusal = (): AppError =>
  new AppError('INVALID_INPUT', 'llm.baseUrl: must be an https URL of a public host, without credentials or query.', {
    field: 'llm.baseUrl',
  });

/** Whether a call may go to this URL, as far as the URL alone tells. Where its name leads is looked at when connecting. */
export function isAllowedUrl(url: URL, hosts: readonly string[]): boolean {
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false;
  if (isNamed(hosts, url)) return true;
  const host = bareHost(url.hostname);
  return url.protocol === 'https:' && (isIP(host) === 0 ? !INSIDE_NAME.test(host) : isPublicAddress(host));
}

/** The base URL of a caller's model, in its plain form. Throws INVALID_INPUT for one that no call may go to. */
export function assertAllowedBaseUrl(text: string, { hosts }: Pick<ByoConfig, 'hosts'>): URL {
  // Looked for in the text: an empty query or credentials leave no trace in the parsed URL.
  if (!URL.canParse(text) || /[?#@\\\s]/.test(text)) throw refusal();
  const url = new URL(text);
  if (!isAllowedUrl(url, hosts)) throw refusal();
  return url;
}
