import { openApiDocument } from '../../src/rest/openapi/document.js';

const OPERATIONS = Object.entries(openApiDocument().paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`),
    statuses: Object.keys((operation as { responses: object }).responses),
  })),
);

/** @throws Error when an operation of the OpenAPI document was answered with a status that the document leaves out for it */
export function assertDescribed({ method, url }: Request, status: number): void {
  const { pathname } = new URL(url);
  const operation = OPERATIONS.find((one) => one.method === method && one.path.test(pathname));
  if (operation?.statuses.includes(String(status)) === false)
    throw new Error(`${method} ${pathname} was answered with ${status}, of which the OpenAPI document says nothing`);
}
