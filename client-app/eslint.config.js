import { readdirSync } from 'node:fs';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** A feature may import those before it, so that none is in a circle. */
const FEATURES = ['access', 'projects', 'settings', 'jobs', 'cluster', 'deploys', 'logs', 'replay', 'traces', 'points', 'metrics', 'connect', 'overview'];
const unlisted = readdirSync(new URL('src/features', import.meta.url)).filter((feature) => !FEATURES.includes(feature));
if (unlisted.length > 0) throw new Error(`FEATURES in eslint.config.js lacks ${unlisted.join(', ')}.`);

const mayNotImport = (folder, forbidden) => ({
  files: [`src/${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ regex: `/(${forbidden.join('|')})/`, message: 'See FEATURES in eslint.config.js for what may import what.' }] },
    ],
  },
});

export default tseslint.config(
  { ignores: ['src/shared/api-types.ts'] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  hooks.configs.flat['recommended-latest'],
  a11y.flatConfigs.strict,
  // What scrolls must be reached by Tab (WCAG 2.1.1).
  { rules: { 'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: ['pre'], roles: ['region'] }] } },
  { rules: { '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }] } },
  { rules: { 'max-len': ['error', { code: 160 }] } },
  mayNotImport('shared', ['features', 'app']),
  ...FEATURES.map((feature, index) => mayNotImport(`features/${feature}`, ['app', 'features', ...FEATURES.slice(index + 1)])),
);
