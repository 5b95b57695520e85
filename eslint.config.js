import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
// @ts-expect-error -- it comes without types
import security from 'eslint-plugin-security';
import tseslint from 'typescript-eslint';

const noEnvironment = {
  object: 'process',
  property: 'env',
  message: 'Read configuration in src/config.ts.',
};

export default defineConfig(
  { ignores: ['dist/', '.dist-next/', 'src/generated/', 'test/generated/', 'data/', 'node_modules/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/dot-notation': 'off',
      // Never ends on types that refer to themselves, as GraphQL's do.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/main.ts', 'src/cli.ts'],
    rules: { 'no-restricted-properties': ['error', noEnvironment] },
  },
  { files: ['**/*.js'], languageOptions: { globals: { Blob: 'readonly', console: 'readonly', process: 'readonly' } } },
  {
    files: ['src/graphql/types/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'Property[key.name=/^(resolve|subscribe)$/] > :matches(ArrowFunctionExpression, FunctionExpression) > BlockStatement',
          message: 'A resolver is one call to src/core. Move the logic there.',
        },
      ],
    },
  },
  {
    // What is dangerous whoever writes it. Not here: rules that find every index, comparison and file name (detect-object-injection,
    // -possible-timing-attacks, -non-literal-fs-filename, -non-literal-regexp: all are made of constants), which types and tests judge better;
    // and detect-unsafe-regex, a guess by the number of stars where the two rules on regular expressions know.
    files: ['src/**', 'scripts/**'],
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- this plugin comes without types
    plugins: { regexp, security },
    rules: {
      'regexp/no-super-linear-backtracking': 'error',
      'regexp/no-super-linear-move': 'error',
      'security/detect-bidi-characters': 'error',
      'security/detect-buffer-noassert': 'error',
      'security/detect-child-process': 'error',
      'security/detect-disable-mustache-escape': 'error',
      'security/detect-eval-with-expression': 'error',
      'security/detect-new-buffer': 'error',
      'security/detect-non-literal-require': 'error',
      'security/detect-pseudoRandomBytes': 'error',
    },
  },
  {
    // Its expressions see one sentence at a time, of bounded length: messages of 100,000 characters of whatever they repeat cost no
    // more than others, which was measured.
    files: ['src/models/offline/**'],
    rules: { 'regexp/no-super-linear-backtracking': 'off', 'regexp/no-super-linear-move': 'off' },
  },
);
