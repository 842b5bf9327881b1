// The first page must be light: what index.html loads, and what that imports before anything is shown.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 250_000; // bytes of compressed script
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
const loaded = new Set();
const load = (key) => {
  if (loaded.has(key)) return;
  loaded.add(key);
  for (const imported of manifest[key].imports ?? []) load(imported);
};
load('index.html');
const size = [...loaded].reduce((sum, key) => sum + gzipSync(readFileSync(`dist/${manifest[key].file}`), { level: 9 }).length, 0);
console.log(`The first load is ${size} bytes of compressed script; ${LIMIT} are allowed.`);
if (size > LIMIT) process.exit(1);
