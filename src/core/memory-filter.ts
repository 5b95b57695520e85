import { z } from 'zod';
import { optional, source, tenantId, text, topic } from './parse-input.js';

const names = <Schema extends z.ZodType>(name: Schema) => optional(z.array(name).max(100));

/** What narrows a list or a search; the same words at both. */
export const memoryFilter = {
  tenantId,
  sources: names(source),
  topics: names(topic),
  sessionIds: names(text(200)),
  text: optional(text(1_000)),
  minImportance: optional(z.number().int().min(1).max(10)),
};
