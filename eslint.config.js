import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['**/dist/', '**/.venv/', 'compiler/', 'implementations/languages/', 'results/', 'scenarios/skeleton/']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }], // a Nest module is an empty class
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: ['describe', 'it', 'test'], package: 'node:test' }] },
      ],
    },
  },
  {
    files: ['**/*.js'],
    rules: {
      'no-undef': 'off', // tsc knows the globals of k6
      '@typescript-eslint/no-unsafe-argument': 'off', // the rules on `any` do not see a type that JSDoc gives to an expression
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
