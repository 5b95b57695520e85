import { Prisma } from '../generated/prisma/client.js';

/** Vectors are handed to the database as whole numbers of this unit. */
const UNIT = 2 ** -30;

/** A unit vector as the text of an array of whole numbers, for `fromWholeNumbers`. */
export interface WrittenVector {
  dimensions: number;
  text: string;
}

/**
 * Decimal fractions would be read seven times slower: the embedded database computes each with 128-bit numbers in software.
 * Components of 2^-7 and more stay exactly what they were, smaller ones to within 2^-31.
 */
export function writeVector(vector: Float32Array): WrittenVector {
  const numbers = new Int32Array(vector.length); // by `from` it takes twice as long
  for (let i = 0; i < vector.length; i++) numbers[i] = Math.round((vector[i] ?? 0) / UNIT);
  return { dimensions: vector.length, text: `{${numbers.join(',')}}` };
}

/** The vectors of `dimensions` that a column of such texts holds. */
export const fromWholeNumbers = (column: Prisma.Sql, dimensions: number): Prisma.Sql =>
  Prisma.sql`(${column}::int[]::vector * (SELECT array_fill(${UNIT}::real, ARRAY[${dimensions}::int])::vector))`;
