/** A URL's host as it is compared: lower case already, an IPv6 address without brackets, no dot at the end. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/(?<!\.)\.+$/, '');

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Hosts that the operator lets callers reach wherever they are: `host` or `host:port`. */
export const isNamed = (hosts: readonly string[], { hostname, port, protocol }: URLParts): boolean => {
  const host = hostname.startsWith('[') || !hostname.includes(':') ? hostname : `[${hostname}]`;
  return hosts.includes(host) || hosts.includes(`${host}:${port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port}`);
};

export interface URLParts {
  hostname: string;
  /** Empty: the protocol's own. */
  port: string;
  protocol: string;
}
