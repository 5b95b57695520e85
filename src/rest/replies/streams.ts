import { z } from 'zod';
import { id, instant } from './memory.js';

const count = z.int().min(0);

/** How far an import has come. */
export const importState = z.object({
  import_id: id,
  key: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  failure: z.string().nullable(),
  rows_total: count,
  rows_done: count,
  stored: count,
  duplicates: count,
  rejected: count,
  created_at: instant,
  updated_at: instant,
});

/** Objects with a line feed after each. */
export const importLines = z.string().meta({ description: 'First `begun`, then a line per row, last `ended`.' });

/**
 * https://html.spec.whatwg.org/multipage/server-sent-events.html. Of no type: some read a schema of such a stream as that of its
 * text, others as that of each of its events.
 */
export const eventStream = z.unknown().meta({ description: 'Server-sent events; the data of each is JSON.' });
