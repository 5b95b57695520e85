import type { z } from 'zod';

/** What a function that makes a reply must give: no field less, and none that the OpenAPI document does not know. */
export type Shape<Schema extends z.ZodType> = z.output<Schema>;
