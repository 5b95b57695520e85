import type { Deps } from './core/deps.js';
import { refuseMethod } from './rest/methods.js';

const READY_TIMEOUT_MS = 2_000;

/**
 * `/health`: the process lives. `/ready`: requests may be sent here, as the database answers, with its schema in place, and the
 * server is not about to stop. Null for any other path.
 */
export async function answerHealth({ db }: Deps, request: Request, isStopping: boolean): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  if (pathname !== '/health' && pathname !== '/ready') return null;
  if (request.method !== 'GET') return refuseMethod(request.method, ['GET']);
  if (pathname === '/health') return Response.json({ status: 'ok' });
  if (isStopping) return Response.json({ status: 'stopping' }, { status: 503 });
  const isReady = await Promise.race([
    db.account.findFirst({ select: { id: true } }).then(
      () => true,
      () => false,
    ),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), READY_TIMEOUT_MS).unref()),
  ]);
  return Response.json({ status: isReady ? 'ready' : 'database unavailable' }, { status: isReady ? 200 : 503 });
}
