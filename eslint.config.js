import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
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
);
