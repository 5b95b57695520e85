import type { Deps } from './core/deps.js';

const READY_TIMEOUT_MS = 2_000;

/** `/health`: the process lives. `/ready`: the database answers, with its schema in place. Null for any other path. */
export async function answerHealth({ db }: Deps, pathname: string): Promise<Response | null> {
  if (pathname === '/health') return Response.json({ status: 'ok' });
  if (pathname !== '/ready') return null;
  const isReady = await Promise.race([
    db.account.findFirst({ select: { id: true } }).then(
      () => true,
      () => false,
    ),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), READY_TIMEOUT_MS).unref()),
  ]);
  return Response.json({ status: isReady ? 'ready' : 'database unavailable' }, { status: isReady ? 200 : 503 });
}
