import { AppError } from './errors.js';

/** The request with its body read: nobody parses what is too long. @throws AppError BODY_TOO_LARGE */
export async function withinLimit(request: Request, maxBytes: number): Promise<Request> {
  if (!request.body) return request;
  const tooLarge = new AppError('BODY_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Not by iterating over it: to leave a loop in the middle closes the connection, and nobody would hear why.
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length; // counted while it comes: the header may be absent, or a lie
    if (bytes > maxBytes) throw tooLarge;
    chunks.push(value);
  }
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: Buffer.concat(chunks) });
}
