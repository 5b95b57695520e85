import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

const MAX_SOCKET_PATH = 90; // sun_path holds 104 to 108 bytes, and a taker's own name is 9 longer

/**
 * Takes a folder for this process until `release`. PGlite has no lock of its own: two processes on one folder silently
 * lose each other's rows. The lock is a listening local socket, which the kernel drops with the process, however it
 * ends; a pid file would survive `kill -9` and point at somebody else's process. Who connects to it is handed to
 * `onConnection`: so the command line reaches a running server. Only the folder's owner can connect.
 * @throws Error when another process holds the folder.
 */
export async function lockFolder(
  folder: string,
  onConnection: (socket: net.Socket) => void,
): Promise<{ release: () => void }> {
  const absolute = path.resolve(folder);
  mkdirSync(absolute, { recursive: true, mode: 0o700 });
  const address = lockAddress(absolute);
  for (let attempt = 0; attempt < 20 && !(await isHeld(address)); attempt++) {
    const server = await runFor(address, onConnection).catch((error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new Error(`The data folder ${folder} can not be locked (${code ?? message}).`, { cause: error });
    });
    if (server) return { release: () => release(address, server) };
    await setTimeout(Math.random() * 50); // another process is taking it at this moment: not both of us can win
  }
  throw new Error(
    `The data folder ${folder} is in use by another process. Stop it, or set PALIMPSEST_DATA_DIR to another folder.`,
  );
}

/**
 * One attempt: null if somebody else holds the address, or is trying too. Each taker first listens on a name of its own and
 * then looks for others. Of two that try at once at least one sees the other and steps back: never do both win. And a
 * name that is used once can be removed safely when its socket is dead; of a shared one nobody could tell whether it had
 * just been taken anew.
 */
async function runFor(address: string, onConnection: (socket: net.Socket) => void): Promise<net.Server | null> {
  const server = net.createServer(onConnection);
  if (process.platform === 'win32') return (await listen(server, address)) ? server : null; // a pipe ends with its process
  const own = `${address}.${randomUUID().slice(0, 8)}`;
  if (!(await listen(server, own))) return null;
  chmodSync(own, 0o600);
  let isAlone = true;
  for (const other of rivalsOf(address).filter((name) => name !== own)) {
    if (await isHeld(other)) isAlone = false;
    else rmSync(other, { force: true });
  }
  // Gone if a rival looked between our bind and our listen, and took us for dead.
  if (!isAlone || !existsSync(own)) {
    server.close();
    return null;
  }
  symlinkSync(path.basename(own), `${own}.link`);
  renameSync(`${own}.link`, address); // over a dead one, if there is one
  server.unref();
  return server;
}

function release(address: string, server: net.Server): void {
  if (process.platform !== 'win32') rmSync(address, { force: true });
  server.close();
}

const rivalsOf = (address: string): string[] =>
  readdirSync(path.dirname(address))
    .filter((name) => name.startsWith(`${path.basename(address)}.`))
    .map((name) => path.join(path.dirname(address), name));

/** Where the holder of a folder is reached. */
export function lockAddress(folder: string): string {
  const absolute = path.resolve(folder);
  const name = `palimpsest-${createHash('sha256').update(absolute).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const inside = path.join(absolute, '.lock');
  return inside.length <= MAX_SOCKET_PATH ? inside : path.join(os.tmpdir(), `${name}.sock`);
}

/** False when the address is taken. */
const listen = (server: net.Server, address: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(address, () => resolve(true));
  });

const isHeld = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = net.connect(address);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
