import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Done = (error: Error | null, addresses: { address: string; family: number }[]) => void;
type Lookup = (hostname: string, options: object, done: Done) => void;

/**
 * In place of the machine's resolver, for names below `.rebind.example`: each look-up takes the next of its answers, and the last
 * one repeats. All other names are looked up as ever. Gives what puts things back.
 */
export function answerNames(answers: Readonly<Record<string, readonly string[]>>): () => void {
  const real = dns.lookup;
  const asked = new Map<string, number>();
  const fake: Lookup = (hostname, options, done) => {
    const mine = answers[hostname];
    if (!mine) {
      (real as Lookup)(hostname, options, done);
      return;
    }
    const turn = asked.get(hostname) ?? 0;
    asked.set(hostname, turn + 1);
    const address = mine[Math.min(turn, mine.length - 1)] ?? '127.0.0.1';
    process.nextTick(() => done(null, [{ address, family: address.includes(':') ? 6 : 4 }]));
  };
  dns.lookup = fake as typeof dns.lookup;
  syncBuiltinESMExports();
  return () => {
    dns.lookup = real;
    syncBuiltinESMExports();
  };
}
