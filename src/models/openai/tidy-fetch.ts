import type { Fetch } from '../calls/fetch.js';

/** How long a refusal says to wait; NaN if it does not. */
function pauseOf(headers: Headers): number {
  const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  const after = headers.get('retry-after');
  if (!Number.isNaN(exact) || after === null) return exact;
  const seconds = Number.parseFloat(after);
  return Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1_000;
}

/** Gemini sends its errors in a list, of which the SDK sees nothing. */
function unwrap(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    return Array.isArray(parsed) && parsed.length > 0 ? JSON.stringify(parsed[0]) : body;
  } catch {
    return body;
  }
}

/** Refusals in the form that the SDK reads, and not tried again after a longer pause: it can not be broken off, and holds the key. */
export const tidied =
  (fetch: Fetch, longestPauseMs: number): Fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok) return response;
    const headers = new Headers(response.headers);
    if (pauseOf(headers) > longestPauseMs) headers.set('x-should-retry', 'false');
    // The text is decoded by now.
    headers.delete('content-encoding');
    headers.delete('content-length');
    const body = unwrap(await response.text());
    return new Response(body === '' ? null : body, { status: response.status, headers });
  };
