import { Request as AdapterRequest, Response as AdapterResponse } from '@whatwg-node/fetch';

/**
 * Requests and responses in the form that the server adapter makes and sends by itself. Those of Node's own fetch are made of web
 * streams, whose making and reading takes as long as the rest of a small request.
 */
export const Request: typeof globalThis.Request = AdapterRequest;
export const Response: typeof globalThis.Response = AdapterResponse;

/** Whatever form it has. */
export const isResponse = (value: unknown): value is globalThis.Response =>
  value instanceof AdapterResponse || value instanceof globalThis.Response;
