import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importRule } from './resources/dev/import-rules.mjs';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'No default exports: a name that is the same everywhere can be searched for.',
};
const noEnumOrNamespace = {
  selector: 'TSEnumDeclaration, TSModuleDeclaration[declare!=true]',
  message: 'Node runs these files by erasing types: use a union instead.',
};
const noDateNow = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.name='Date']",
  message: 'No own clock here: time is an argument (shared) or the world’s clock (simulator).',
};

/** Globals and properties that would let the real world into code that must be the same in every replay. */
const pure = {
  'no-restricted-syntax': ['error', noDefaultExport, noEnumOrNamespace, noDateNow],
  'no-restricted-globals': [
    'error',
    ...[
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'fetch',
      'crypto',
      'performance',
      'process',
    ].map((name) => ({
      name,
      message: 'No clock, timer, chance or I/O here: it comes in as an argument or a port.',
    })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Time is an argument here.' },
    { object: 'Math', property: 'random', message: 'Chance comes from the seeded generator.' },
    { object: 'performance', property: 'now', message: 'Time is an argument here.' },
  ],
};

export default defineConfig([
  { ignores: ['node_modules/', 'dist/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { house: { rules: { imports: importRule } } },
    rules: {
      'house/imports': 'error',
      eqeqeq: 'error',
      'max-params': ['error', { max: 3 }],
      'no-restricted-syntax': ['error', noDefaultExport, noEnumOrNamespace],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // A promise that nobody awaits is an effect that nobody bounds.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: ['shared/**/*.ts', 'main/simulator/**/*.ts'], rules: pure },
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.tsx'],
    extends: [reactHooks.configs.flat.recommended],
  },
  // A table of cases reads best as a row of arguments.
  { files: ['test/**/*.ts', 'test/**/*.tsx'], rules: { 'max-params': 'off' } },
  {
    // Tool configurations: the tools ask for a default export.
    files: ['**/*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
]);
