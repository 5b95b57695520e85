import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);

export default defineConfig({
  // Vitest would load one copy of `graphql` as ESM and another as CommonJS: errors and schemas of one are strangers to the other.
  resolve: { alias: [{ find: /^graphql$/, replacement: require.resolve('graphql') }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 3, // much of a test is waiting: three keep two cores busy
    // Each file would load Prisma, GraphQL and the models anew, for a third of all time; every file starts its own server.
    isolate: false,
    unstubEnvs: true,
  },
});
