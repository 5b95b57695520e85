import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import Negotiator from 'negotiator';
import { Response } from './fetch-api.js';

/** Whole texts. Never a stream of events or of lines: to hold one back until it is whole would be to stop it. */
const COMPRESSIBLE = /^(?:application\/(?:[\w.-]+\+)?json|text\/(?:html|css|plain|javascript)|application\/javascript)/;
/** Below it the headers cost more than is saved. */
const WORTHWHILE_BYTES = 1_024;
/** Of eleven: most of the saving at a small part of the time. */
const BROTLI_QUALITY = 4;

const CODINGS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gzip: (bytes) => promisify(gzip)(bytes),
};

/** The response in the coding that the client likes best of Brotli and gzip, if it takes one and it is worthwhile. */
export async function compress(request: Request, response: Response): Promise<Response> {
  const { headers, status, body } = response;
  if (!body || headers.has('content-encoding') || !COMPRESSIBLE.test(headers.get('content-type') ?? ''))
    return response;
  headers.append('vary', 'Accept-Encoding');
  const coding = chooseCoding(request.headers.get('accept-encoding'));
  const encode = coding === undefined ? undefined : CODINGS[coding];
  if (coding === undefined || !encode) return response;
  const bytes = Buffer.from(await response.arrayBuffer());
  const init = { status, headers };
  if (bytes.length < WORTHWHILE_BYTES) return new Response(bytes, init);
  headers.delete('content-length');
  headers.set('content-encoding', coding);
  return new Response(new Uint8Array(await encode(bytes)), init);
}

/** Without the header a client may get anything, but most that leave it out can read nothing else than plain text. */
function chooseCoding(accepted: string | null): string | undefined {
  if (accepted === null) return undefined;
  const negotiator: NegotiatorOfOne = new Negotiator({ headers: { 'accept-encoding': accepted } });
  return negotiator.encoding(['br', 'gzip', 'identity'], { preferred: ['br', 'gzip'] });
}

/** `preferred` decides among those that the client likes equally; the types that are published do not know it yet. */
interface NegotiatorOfOne {
  encoding(available: string[], options?: { preferred: string[] }): string | undefined;
}
