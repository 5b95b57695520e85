import { createHash } from 'node:crypto';
import { openApiDocument, openApiText } from './document.js';
import { renderPage, STYLE } from './page.js';

/** Nothing but the one style sheet that is part of the page: no script at all, nothing from elsewhere. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

interface Page {
  text: string;
  headers: Record<string, string>;
}

/** What anybody may read without a key. Made when first asked for. */
const PAGES: Readonly<Record<string, () => Page>> = {
  '/openapi.json': once(() => ({ text: openApiText(), headers: { 'content-type': 'application/json' } })),
  '/docs': once(() => ({
    text: renderPage(openApiDocument()),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
    },
  })),
};

/** The OpenAPI document, or the page that shows it; undefined for any other path. */
export function openPage(pathname: string): Response | undefined {
  const page = Object.hasOwn(PAGES, pathname) ? PAGES[pathname]?.() : undefined;
  return page && new Response(page.text, { headers: page.headers });
}

function once(make: () => Page): () => Page {
  let made: Page | undefined;
  return () => (made ??= make());
}
