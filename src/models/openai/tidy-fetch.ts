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

/**
 * A stream of events without their names, made comments. Chat completions have none, and of events with certain names the SDK
 * prints what it can not read to the console, where a memory's text has no business. Passes on whole lines.
 */
function withoutEventNames(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const rename = (lines: string): string => lines.replace(/(?<![^\r\n])event(?=[:\r\n]|$)/g, ':');
  let line = '';
  const unnamed = new TransformStream<string, string>({
    transform(text, controller) {
      const end = text.lastIndexOf('\n') + 1;
      if (end > 0) controller.enqueue(rename(line + text.slice(0, end)));
      line = end > 0 ? text.slice(end) : line + text;
    },
    flush: (controller) => controller.enqueue(rename(line)),
  });
  const decoded = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
  return decoded.pipeThrough(unnamed).pipeThrough(new TextEncoderStream());
}

/** Refusals in the form that the SDK reads, and not tried again after a longer pause: it can not be broken off, and holds the key. */
export const tidied =
  (fetch: Fetch, longestPauseMs: number): Fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    const headers = new Headers(response.headers);
    if (response.ok) {
      const isStream = response.body && headers.get('content-type')?.startsWith('text/event-stream');
      if (!isStream) return response;
      // The text is decoded by now.
      headers.delete('content-encoding');
      headers.delete('content-length');
      return new Response(withoutEventNames(response.body), { status: response.status, headers });
    }
    if (pauseOf(headers) > longestPauseMs) headers.set('x-should-retry', 'false');
    // The text is decoded by now.
    headers.delete('content-encoding');
    headers.delete('content-length');
    const body = unwrap(await response.text());
    return new Response(body === '' ? null : body, { status: response.status, headers });
  };
