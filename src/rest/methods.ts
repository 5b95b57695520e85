/** To a method that a path does not have: `Allow` names those that it has, which is all that OPTIONS asks for. */
export function refuseMethod(method: string, has: readonly string[]): Response {
  const methods = has.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]));
  const headers = { allow: [...methods, 'OPTIONS'].join(', ') };
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers });
  return Response.json({ detail: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' }, { status: 405, headers });
}
