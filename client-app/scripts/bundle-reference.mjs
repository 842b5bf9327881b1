// Puts the API reference's script beside the page, so that /reference asks no other host.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';

mkdirSync('dist/reference', { recursive: true });
copyFileSync('node_modules/@scalar/api-reference/dist/browser/standalone.js', 'dist/reference/scalar.js');
writeFileSync(
  'dist/reference/start.js',
  "Scalar.createApiReference('#reference', { url: '/doc', withDefaultFonts: false, telemetry: false, hideClientButton: true, agent: { disabled: true }, showDeveloperTools: 'never' });\n",
);
