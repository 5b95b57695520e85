import { AppError } from '../errors.js';

/** What a text is embedded for: models that tell the two apart put a question near its answers rather than near questions. */
export type Purpose = 'document' | 'query';

/** Turns texts into unit vectors whose cosine tells how alike their meanings are. */
export interface Embedder {
  /** Names the vector space: provider, model, dimensions and version. Vectors with different ids are never compared. */
  readonly id: string;
  readonly dimensions: number;
  /**
   * One unit-length vector per text, in order; a text that says nothing gives the zero vector. Vectors may be shared
   * between callers: they are not to be written to. @throws AppError UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE; TextRefused
   */
  embed(texts: readonly string[], purpose?: Purpose): Promise<readonly Float32Array[]>;
  /** Lets go of vectors that it keeps at hand: one of them may be of a text that was erased. */
  forget?(): void;
}

/** The model will not embed what it was given, and would not the next time either; another text may do. */
export class TextRefused extends AppError {
  constructor(cause?: unknown) {
    super('UPSTREAM_FAILED', 'The embedding model refused a text.', { cause });
  }
}
