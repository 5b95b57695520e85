/** Where a key stands in its window. */
export interface RateState {
  /** The plan whose limit it is. */
  policy: string;
  limit: number;
  windowSeconds: number;
  remaining: number;
  /** Until the window ends, at least one. */
  resetSeconds: number;
  isExceeded: boolean;
}

/** The fields of draft-ietf-httpapi-ratelimit-headers-10 (structured fields), and Retry-After on a refusal. */
export const rateFields = (rate: RateState | null): Readonly<Record<string, string>> =>
  rate === null
    ? {}
    : {
        'ratelimit-policy': `"${rate.policy}";q=${rate.limit};w=${rate.windowSeconds}`,
        ratelimit: `"${rate.policy}";r=${rate.remaining};t=${rate.resetSeconds}`,
        ...(rate.isExceeded && { 'retry-after': String(rate.resetSeconds) }),
      };
