import { z } from 'zod';
import { AppError } from '../../errors.js';
import { issuesOf } from '../calls/ask.js';
import { unusableReply } from '../calls/failure.js';
import { toUnit } from './unit-vector.js';

/** Base64 was asked for; servers that do not know it send a list of numbers. The numbers are looked at one by one later. */
const embedding = z.union([z.string(), z.array(z.unknown())]);
const envelope = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative().optional(), embedding })),
});

function valuesOf(received: z.infer<typeof embedding>): ArrayLike<number> {
  if (typeof received !== 'string') return received as number[];
  // Copied: the bytes of a pooled buffer need not begin where a float may.
  const bytes = Uint8Array.from(Buffer.from(received, 'base64'));
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
}

/**
 * The unit vectors of a reply of `POST /embeddings`, in the order of the texts. `dimensions`: what they must have.
 * @throws AppError UPSTREAM_FAILED when it is not one usable vector per text
 */
export function readEmbeddings(reply: unknown, count: number, dimensions: number | undefined): Float32Array[] {
  const received = envelope.safeParse(reply);
  if (!received.success) throw unusableReply(issuesOf(received.error));
  const { data } = received.data;
  if (data.length !== count) throw unusableReply(['data: wrong_count']);
  const vectors: Float32Array[] = [];
  data.forEach((item, position) => {
    const index = item.index ?? position;
    // Two for one text would leave another without, and every vector after it with the wrong text.
    if (index >= count || vectors[index]) throw unusableReply([`data.${position}.index: not_expected`]);
    const vector = toUnit(valuesOf(item.embedding));
    if (!vector || vector.length === 0) throw unusableReply([`data.${position}.embedding: not_finite`]);
    vectors[index] = vector;
  });
  const wanted = dimensions ?? vectors[0]?.length;
  const other = vectors.find(({ length }) => length !== wanted);
  if (other)
    throw new AppError(
      'UPSTREAM_FAILED',
      `The embedding model gave a vector of ${other.length} dimensions instead of ${wanted}.`,
    );
  return vectors;
}
