import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['src/shared/api-types.ts'] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  hooks.configs.flat['recommended-latest'],
  a11y.flatConfigs.strict,
  // What scrolls must be reached by Tab (WCAG 2.1.1).
  { rules: { 'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: ['pre'], roles: ['region'] }] } },
  // A caller says what an answer holds; nothing else can.
  { rules: { '@typescript-eslint/no-unnecessary-type-parameters': 'off', '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }] } },
);
