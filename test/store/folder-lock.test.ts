import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { lockAddress, lockFolder } from '../../src/store/folder-lock.js';

const ROOT = path.join(import.meta.dirname, '../..');
const root = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => path.join(root, `folder-${++folders}`);
const hangUp = (socket: net.Socket): void => void socket.destroy();
const take = (folder: string) => lockFolder(folder, hangUp);

/** A folder whose holder was killed with kill -9 while it held it. */
async function abandonedFolder(): Promise<string> {
  const folder = newFolder();
  const program = `
    import { lockFolder } from './src/store/folder-lock.ts';
    await lockFolder(${JSON.stringify(folder)}, (socket) => socket.destroy());
    console.log('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await expect(take(folder)).rejects.toThrow('in use by another process');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return folder;
}

/** Five takers at once; gives the one who got it. */
async function contest(folder: string): Promise<{ release: () => void }[]> {
  const takers = await Promise.allSettled(Array.from({ length: 5 }, () => take(folder)));
  const winners = takers.flatMap((taker) => (taker.status === 'fulfilled' ? [taker.value] : []));
  expect(winners).toHaveLength(1);
  return winners;
}

describe('the lock of a data folder', () => {
  it('makes the folder, for its owner alone', async () => {
    const folder = path.join(newFolder(), 'deeper');
    const { release } = await take(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(lockAddress(folder)).mode & 0o777).toBe(0o600);
    release();
  });

  it('is refused to a second taker, in words that say what to do', async () => {
    const folder = newFolder();
    const { release } = await take(folder);
    await expect(take(folder)).rejects.toThrow(
      `The data folder ${folder} is in use by another process. Stop it, or set PALIMPSEST_DATA_DIR to another folder.`,
    );
    release();
  });

  it('is the same by whatever path the folder is named', async () => {
    const folder = newFolder();
    const { release } = await take(folder);
    await expect(take(path.relative(process.cwd(), folder))).rejects.toThrow('in use');
    await expect(take(`${folder}/../${path.basename(folder)}/`)).rejects.toThrow('in use');
    release();
  });

  it('can be taken again once it is given back', async () => {
    const folder = newFolder();
    for (let i = 0; i < 3; i++) {
      const { release } = await take(folder);
      release();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of one folder does not bind another', async () => {
    const [one, other] = [await take(newFolder()), await take(newFolder())];
    one.release();
    other.release();
  });

  it('hands over who connects to it', async () => {
    const folder = newFolder();
    const { release } = await lockFolder(folder, (socket) => socket.end('hello'));
    expect(await text(net.connect(lockAddress(folder)))).toBe('hello');
    release();
  });

  it('lives in the temporary folder where the path would be too long for a socket', async () => {
    const folder = path.join(newFolder(), 'long'.repeat(30));
    const { release } = await take(folder);
    expect(path.dirname(lockAddress(folder))).toBe(os.tmpdir());
    await expect(take(folder)).rejects.toThrow('in use');
    release();
    expect(existsSync(lockAddress(folder))).toBe(false);
  });

  it('is taken over from a holder that was killed with kill -9, by exactly one of several', async () => {
    const folder = await abandonedFolder();
    expect(existsSync(lockAddress(folder))).toBe(true);
    const winners = await contest(folder);
    await expect(take(folder)).rejects.toThrow('in use');
    winners[0]?.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes to exactly one of several who ask at once, time and again', async () => {
    const folder = newFolder();
    for (let i = 0; i < 20; i++) for (const { release } of await contest(folder)) release();
  });
});
