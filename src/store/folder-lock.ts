import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const MAX_SOCKET_PATH = 100; // sun_path holds 104 to 108 bytes

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
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = net.createServer(onConnection);
    const failure = await listen(server, address);
    if (!failure) {
      server.unref();
      if (process.platform !== 'win32') chmodSync(address, 0o600);
      return { release: () => void server.close() };
    }
    if (failure !== 'EADDRINUSE') throw new Error(`The data folder ${folder} can not be locked (${failure}).`);
    if (await isHeld(address)) break;
    if (!(await removeStale(address))) break;
  }
  throw new Error(
    `The data folder ${folder} is in use by another process. Stop it, or set PALIMPSEST_DATA_DIR to another folder.`,
  );
}

/** Where the holder of a folder listens. */
export function lockAddress(folder: string): string {
  const absolute = path.resolve(folder);
  const name = `palimpsest-${createHash('sha256').update(absolute).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const inside = path.join(absolute, '.lock');
  return inside.length <= MAX_SOCKET_PATH ? inside : path.join(os.tmpdir(), `${name}.sock`);
}

const listen = (server: net.Server, address: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(address, () => resolve(undefined));
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

/** Sets a dead socket aside before removing it: of two processes that find it dead, the slower must not remove the faster one's new lock. */
async function removeStale(address: string): Promise<boolean> {
  const aside = `${address}.${randomUUID().slice(0, 8)}`;
  try {
    renameSync(address, aside);
  } catch {
    return true; // somebody else was faster: try to listen again
  }
  if (await isHeld(aside)) {
    renameSync(aside, address);
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}
