import { lookup as systemLookup } from 'node:dns';
import { isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './addresses.js';
import { bareHost, isNamed } from './hosts.js';

interface Address {
  address: string;
  family: number;
}

/** Resolves a name to all of its addresses; Node's own, unless a test gives another. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: Address[]) => void) => void;

const resolveBySystem: Resolve = (hostname, done) =>
  systemLookup(hostname, { all: true }, (error, addresses) => done(error, error ? [] : addresses));

/** Says no more than that: which address a name has inside is not the caller's to learn. */
export class BlockedError extends Error {
  readonly code = 'ERR_ADDRESS_BLOCKED';
  constructor() {
    super('The address is not one that calls may go to.');
  }
}

type LookupDone = (error: Error | null, address: string | Address[], family?: number) => void;

/**
 * In place of dns.lookup: hands over the addresses that were looked at, so that a name can not lead elsewhere a moment later.
 * A name with a single address inside is refused as a whole: which of them gets connected is not ours to choose.
 */
const createLookup =
  (resolve: Resolve, isAllowed: (address: string) => boolean) =>
  (hostname: string, { all }: { all?: boolean | undefined }, done: LookupDone): void =>
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error || !first) done(error ?? new BlockedError(), '');
      else if (!addresses.every(({ address }) => isAllowed(address))) done(new BlockedError(), '');
      else if (all) done(null, addresses);
      else done(null, first.address, first.family);
    });

interface Options {
  hosts: readonly string[];
  connectTimeoutMs: number;
  resolve?: Resolve | undefined;
}

/** Opens connections to public addresses and to the hosts that the operator named, and to nothing else. */
export function createConnector({
  hosts,
  connectTimeoutMs: timeout,
  resolve = resolveBySystem,
}: Options): buildConnector.connector {
  const toNamed = buildConnector({ timeout, lookup: createLookup(resolve, () => true) });
  // It gives the socket at once, which its types leave out.
  const toPublic = buildConnector({ timeout, lookup: createLookup(resolve, isPublicAddress) }) as (
    ...given: Parameters<buildConnector.connector>
  ) => Socket;

  return function connect(options, callback): void {
    const hostname = bareHost(options.hostname);
    if (isNamed(hosts, { ...options, hostname })) {
      toNamed(options, callback);
      return;
    }
    // The system takes an address as it is, without asking for a lookup.
    if (options.protocol !== 'https:' || (isIP(hostname) !== 0 && !isPublicAddress(hostname))) {
      callback(new BlockedError(), null);
      return;
    }
    const socket = toPublic(options, callback);
    // Before TLS begins. Whatever was resolved, this is where the connection ended.
    socket.prependOnceListener('connect', () => {
      if (!isPublicAddress(socket.remoteAddress ?? '')) socket.destroy(new BlockedError());
    });
  };
}
