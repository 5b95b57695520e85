/** Turns texts into unit vectors whose cosine tells how alike their meanings are. */
export interface Embedder {
  /** Names the vector space, version included: vectors with different ids are never compared. */
  readonly id: string;
  readonly dimensions: number;
  /** One unit-length vector per text, in order. A text with no known word gives the zero vector. */
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
}
