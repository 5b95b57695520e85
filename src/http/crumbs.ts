import type { IncomingMessage } from 'node:http';

/** Pieces that a body may come in, however small; beyond them each must carry at least so many bytes on average. */
const FREE_PIECES = 1_000;
const BYTES_A_PIECE = 32;

/** A byte a piece costs a hundred times as much to take in as its bytes would at once. */
export const areCrumbs = (pieces: number, bytes: number): boolean => pieces > FREE_PIECES + bytes / BYTES_A_PIECE;

/**
 * Stops reading a body that comes in crumbs, where Node's parser hands them over: what has come already, 64 KB at a time, is tens of
 * thousands of them, and each would go through a stream before anybody could refuse it. Whoever reads the body gets as many as it takes
 * to refuse it, and nothing more of that request is read. Only for bodies whose reader counts them: another would wait for the rest.
 */
export function stopAtCrumbs(request: IncomingMessage): void {
  if (request.headers['transfer-encoding'] === undefined) return; // of a known length: pieces are what the network makes of it
  let [pieces, bytes] = [0, 0];
  let isStopped = false;
  const push = request.push.bind(request);
  request.push = (piece: Buffer | null, encoding) => {
    // The parser reads no further: https://nodejs.org/api/stream.html#readablepushchunk-encoding. Nor is its end told: what is left out
    // of a body must not be taken for the whole of it.
    if (isStopped) return false;
    pieces += 1;
    bytes += piece?.length ?? 0;
    isStopped = areCrumbs(pieces, bytes);
    return push(piece, encoding) && !isStopped;
  };
}
