import type { openApiDocument } from './document.js';
import type { JsonSchema } from './json-schema.js';

type Document = ReturnType<typeof openApiDocument>;

interface Described {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters?: { name: string; in: string; required: boolean; description: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: JsonSchema }> }>;
}

export const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
code { font: 0.9em ui-monospace, monospace; }
h3 code { font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; padding: 0.25rem 0.75rem 0.25rem 0; }
article { border-top: 1px solid #bbb; margin-top: 1.5rem; }
a { color: #0b57d0; }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616; } th, td { border-color: #444; } a { color: #8ab4f8; } }
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
/** Words between backquotes are code. */
const prose = (text: string): string => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
const code = (text: string): string => `<code>${escape(text)}</code>`;

const row = (...cells: string[]): string => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
const table = (heads: readonly string[], rows: readonly string[]): string =>
  rows.length === 0
    ? ''
    : `<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${rows.join('')}</table>`;

/** The OpenAPI document as one page that needs no script and nothing from the network. */
export function renderPage(document: Document): string {
  const { info, tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described: described as Described })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ described }) => described.tags.includes(name));
    const articles = own.map(({ path, method, described }) => renderOperation(path, method, described));
    return `<section><h2>${escape(name)}</h2><p>${prose(description)}</p>${articles.join('')}</section>`;
  });
  const shapes = Object.entries(components.schemas).map(
    ([name, schema]) => `<article id="${escape(name)}"><h3>${code(name)}</h3>${fields(schema)}</article>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(info.title)} REST API</title><style>${STYLE}</style></head><body>
<h1>${escape(info.title)} REST API</h1><p>${prose(info.description)}</p>
<p>Send <code>Authorization: Bearer aurra_...</code>. For programs: <a href="/openapi.json">openapi.json</a>.</p>
${sections.join('')}<section><h2>Shapes</h2>${shapes.join('')}</section></body></html>`;
}

function renderOperation(path: string, method: string, described: Described): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = described;
  const given = parameters.map(({ name, in: place, required, description: what, schema }) =>
    row(code(name), `${place}${required ? ', required' : ''}`, typeOf(schema), prose(what)),
  );
  const body = requestBody ? `<p>Body: ${typeOf(bodyOf(requestBody.content))}</p>` : '';
  const reply = responses['200']?.content ? `<p>Reply: ${typeOf(bodyOf(responses['200'].content))}</p>` : '';
  const refusals = Object.keys(responses).filter((status) => status !== '200');
  return `<article id="${escape(operationId)}"><h3>${code(`${method.toUpperCase()} ${path}`)}</h3>
<p><strong>${prose(summary)}.</strong> ${prose(description)}</p>
${table(['Name', 'Where', 'Type', 'Meaning'], given)}${body}${reply}<p>Refusals: ${refusals.join(', ')}</p></article>`;
}

const bodyOf = (content: Record<string, { schema: JsonSchema }>): JsonSchema =>
  content['application/json']?.schema ?? {};

function fields(schema: JsonSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    row(
      code(name),
      schema.required?.includes(name) ? 'always' : '',
      typeOf(field as JsonSchema),
      prose((field as JsonSchema).description ?? ''),
    ),
  );
  return table(['Field', '', 'Type', 'Meaning'], rows);
}

/** A type in a few words, with links to the shapes it names. */
function typeOf(schema: JsonSchema): string {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return `<a href="#${escape(name)}">${escape(name)}</a>`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && schema.type === undefined) return [...new Set(choices.map(typeOf))].join(' or ');
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema.type === 'array') return `list of ${typeOf((schema.items ?? {}) as JsonSchema)}`;
  const type = Array.isArray(schema.type) ? (schema.type as string[]).join(' or ') : (schema.type ?? 'anything');
  return escape(`${type}${schema.format ? ` (${schema.format})` : ''}${limits(schema)}`);
}

function limits({ minimum, maximum, maxLength, maxItems }: JsonSchema): string {
  const range = minimum !== undefined && maximum !== undefined && maximum < 1e9 ? `, ${minimum} to ${maximum}` : '';
  const length = maxLength === undefined ? '' : `, at most ${maxLength} characters`;
  return `${range}${length}${maxItems === undefined ? '' : `, at most ${maxItems}`}`;
}
