import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { areCrumbs, stopAtCrumbs } from '../../src/http/crumbs.js';

it.each([
  ['in crumbs is given out until it can be refused, and never as whole', 1, 5_000, false],
  ['in pieces of some size is given out whole', 40, 5_000, true],
])('a body %s', async (_name, size, count, isWhole) => {
  const request = new IncomingMessage(new Socket());
  request.headers = { 'transfer-encoding': 'chunked' };
  stopAtCrumbs(request);
  let [pieces, bytes] = [0, 0];
  let hasEnded = false;
  request.on('data', (piece: Buffer) => ([pieces, bytes] = [pieces + 1, bytes + piece.length]));
  request.on('end', () => (hasEnded = true));
  await setImmediate();
  for (let n = 0; n < count; n++) request.push(Buffer.alloc(size));
  request.push(null);
  for (let turns = 0; turns < 10; turns++) await setImmediate();
  expect({ hasEnded, areCrumbs: areCrumbs(pieces, bytes), isAll: bytes === size * count }).toEqual({
    hasEnded: isWhole,
    areCrumbs: !isWhole,
    isAll: isWhole,
  });
});
