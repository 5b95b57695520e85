import { AppError } from '../errors.js';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/i;
const UTF_8 = /^(?:utf-?8|us-ascii)$/i;

/**
 * A request's body as the JSON object it holds.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE for what says that it is no JSON in UTF-8; INVALID_JSON; INVALID_INPUT for JSON
 * that is no object
 */
export async function readObject(request: Request, { isOptional }: { isOptional: boolean }): Promise<JsonObject> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength === 0 && isOptional) return {};
  assertJson(request.headers);
  return toObject(decode(bytes));
}

type JsonObject = Record<string, unknown>;

/** Without a content type it is taken for JSON: there is nothing else that it could be. */
function assertJson(headers: Headers): void {
  const [type = '', ...parameters] = (headers.get('content-type') ?? 'application/json').split(';').map(trim);
  if (!JSON_TYPE.test(type)) throw unsupported('Send the body as application/json.');
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))?.slice('charset='.length);
  if (charset !== undefined && !UTF_8.test(charset.replaceAll('"', ''))) throw unsupported('Send the body in UTF-8.');
}

const trim = (text: string): string => text.trim();
const unsupported = (message: string): AppError => new AppError('UNSUPPORTED_MEDIA_TYPE', message);

/** Bytes that are no UTF-8 are refused: replaced by a question mark they would be stored as if somebody had said so. */
function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('INVALID_JSON', 'The body is not valid UTF-8.', { cause: error });
  }
}

function toObject(body: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new AppError('INVALID_JSON', 'The body is not valid JSON.', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('INVALID_INPUT', 'The body must be a JSON object.');
  }
  return value as JsonObject;
}
