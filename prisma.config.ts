import { defineConfig } from 'prisma/config';

// `generate`, `validate` and `format` never run the native schema engine, yet refuse to start without one and then try to
// download it: naming any existing file keeps them offline.
const command = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
if (['generate', 'validate', 'format'].includes(command ?? '')) {
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://postgres@localhost:5432/postgres' },
});
