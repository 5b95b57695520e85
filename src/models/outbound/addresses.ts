import ipaddr from 'ipaddr.js';

/** Addresses in public ranges that are somebody's inside all the same. */
const INSIDE_ALL_THE_SAME = new Set([
  // Azure's platform endpoint, which hands out a machine's settings.
  '168.63.129.16',
]);

/** What IANA has given out for the open internet. Outside of it the library calls even ::127.0.0.1 unicast. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** An address of the open internet, in the one form that an address has. Everything else, text that is no address too, is not. */
export function isPublicAddress(text: string): boolean {
  // A scope (fe80::1%eth0) only ever belongs to addresses that are not public.
  if (!ipaddr.isValid(text) || text.includes('%')) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4)
    return ipaddr.IPv4.isValidFourPartDecimal(text) && address.range() === 'unicast' && !INSIDE_ALL_THE_SAME.has(text);
  if (address.isIPv4MappedAddress()) return isPublicAddress(address.toIPv4Address().toString());
  return address.match(GLOBAL_UNICAST) && address.range() === 'unicast';
}
