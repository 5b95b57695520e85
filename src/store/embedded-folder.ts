import type { Socket } from 'node:net';
import path from 'node:path';
import { EmbeddedPostgres } from './embedded.js';
import { lockFolder } from './folder-lock.js';
import { prepareFolder } from './fresh-folder.js';

export interface FolderOptions {
  /** A dump of an embedded data folder to begin from. */
  snapshot?: string;
  /** Called with connections to the lock of the data folder, from other processes of its owner. */
  onLocalConnection?: (socket: Socket) => void;
}

/** A data folder that this process holds, and the PostgreSQL that runs on it. */
export interface EmbeddedFolder {
  postgres: EmbeddedPostgres;
  close(): Promise<void>;
}

const refuse = (socket: Socket): void => void socket.destroy();

/**
 * Takes a data folder ("memory://": none) and starts PostgreSQL on it. Loads no driver and no ORM, so that a start can
 * begin with it and load them meanwhile. @throws Error when another process holds the folder, or it can not be opened
 */
export async function openFolder(
  dataDir: string,
  { snapshot, onLocalConnection = refuse }: FolderOptions = {},
): Promise<EmbeddedFolder> {
  const isInMemory = dataDir.startsWith('memory://');
  const lock = isInMemory ? { release: () => undefined } : await lockFolder(dataDir, onLocalConnection);
  try {
    const folder = isInMemory ? dataDir : path.join(dataDir, 'postgres');
    if (!isInMemory) await prepareFolder(folder);
    const postgres = new EmbeddedPostgres(folder, snapshot);
    await postgres.ready;
    const close = async (): Promise<void> => {
      await postgres.close();
      lock.release();
    };
    return { postgres, close };
  } catch (error) {
    lock.release();
    throw new Error(`The data folder ${dataDir} can not be opened: ${String(error)}`, { cause: error });
  }
}
