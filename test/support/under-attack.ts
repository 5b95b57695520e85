import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type pino from 'pino';
import { createLogger } from '../../src/logger.js';
import { send, type Attack, type Target } from './target.js';
import { startApp, type Client, type StartOptions, type TestApp } from './start-app.js';

const CANARY = 'The lighthouse keeper of Norderney is called Fenja.';
/** Hundreds of requests, on a machine that has much else to do. */
const PATIENCE_MS = 120_000;
const BUSY = { timeout: 20_000, interval: 50 };
/** Tables are padded there. */
const LISTED = readFileSync('docs/SECURITY.md', 'utf8').replace(/ +/g, ' ');

export interface Attacked extends Target {
  app: TestApp;
  /** Whose key the attacks use. */
  attacker: Client;
  /** Another account, which must notice nothing. */
  bystander: Client;
}

/**
 * One server for the attacks of a file: each is sent over a real socket, must end as its row says, and must leave the server
 * able to serve others.
 */
export function underAttack(attacks: readonly Attack<Attacked>[], options: StartOptions = {}): () => Attacked {
  let attacked: Attacked;
  const logged: string[] = [];
  beforeAll(async () => {
    const app = await startApp({ logger: loggerTo(logged), ...options });
    const url = await app.listen();
    const [attacker, bystander] = [await app.newClient(), await app.newClient()];
    await bystander.rest('POST', '/agent/memories', { content: CANARY });
    attacked = { app, attacker, bystander, url, key: attacker.key };
  });
  afterAll(() => attacked.app.close());

  it.each(attacks.map((attack) => [attack.name, attack] as const))(
    '%s',
    async (_name, { run, expected }) => {
      expect(await run(attacked)).toBe(expected);
      await expectAlive(attacked);
    },
    PATIENCE_MS,
  );
  it('leave no bug, no key and no text of a memory in the log, a line each', () => {
    const lines = logged.map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(lines.length).toBeGreaterThan(attacks.length); // it does log
    expect(lines.filter(({ level }) => level > WARNING)).toEqual([]);
    expect(logged.filter((line) => /aurra_\w{12}_|Fenja/.test(line) || line.indexOf('\n') !== line.length - 1)).toEqual(
      [],
    );
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
  it('are listed in docs/SECURITY.md', () => {
    expect(attacks.map(toLine).filter((line) => !LISTED.includes(line))).toEqual([]);
  });
  return () => attacked;
}

const WARNING = 40;

const loggerTo = (lines: string[]): pino.Logger =>
  createLogger('debug', { destination: { write: (line) => void lines.push(line) } });

const toLine = ({ name, expected }: Attack<Attacked>): string => `| ${name} | ${expected} |`;

/** Somebody else is served as if nothing had happened: not only a port that answers, but a read out of the database. */
export async function expectAlive({ bystander, ...target }: Attacked): Promise<void> {
  // What was begun for the attacker may still run, and /ready says so.
  await vi.waitFor(async () => expect((await send(target, { path: '/ready' })).status).toBe(200), BUSY);
  const { status, text } = await send(target, { path: '/agent/memories', key: bystander.key });
  expect(status).toBe(200);
  expect(text).toContain(CANARY);
}
