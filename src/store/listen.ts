import pg from 'pg';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
const HEARTBEAT_MS = 15_000;

export interface ListenOptions {
  url: string;
  channel: string;
  onNotify: (payload: string) => void;
  /** Called after every (re)connect: what was notified meanwhile is lost. */
  onConnect: () => void;
}

/**
 * One dedicated connection that LISTENs and comes back by itself, with backoff, for as long as the process lives.
 * Resolves once it listens, or after the first failure: the server starts either way and polls meanwhile.
 */
export async function listen(options: ListenOptions): Promise<{ close: () => Promise<void> }> {
  const stop = new AbortController();
  let client: pg.Client | undefined;
  let retryMs = FIRST_RETRY_MS;

  const connect = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    const fresh = new pg.Client({ connectionString: options.url, keepAlive: true });
    client = fresh;
    let isLost = false;
    const lose = (): void => {
      if (isLost) return;
      isLost = true;
      clearInterval(heartbeat);
      fresh.end().catch(() => undefined);
      if (stop.signal.aborted) return;
      setTimeout(() => void connect(), retryMs).unref();
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    };
    // A connection that died without a word (half-open) would otherwise never be noticed.
    const heartbeat = setInterval(() => void beat(fresh).catch(lose), HEARTBEAT_MS);
    heartbeat.unref();
    fresh.on('error', lose);
    fresh.on('end', lose);
    fresh.on('notification', ({ payload }) => options.onNotify(payload ?? ''));
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${pg.escapeIdentifier(options.channel)}`);
      retryMs = FIRST_RETRY_MS;
      options.onConnect();
    } catch {
      lose();
    }
  };

  await connect();
  return {
    close: async () => {
      stop.abort();
      await client?.end().catch(() => undefined);
    },
  };
}

async function beat(client: pg.Client): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer to the heartbeat')), HEARTBEAT_MS / 2);
  });
  await Promise.race([client.query('SELECT 1'), late]).finally(() => clearTimeout(timer));
}
