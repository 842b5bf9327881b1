import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// What ./bayou dev passes on to the server, so that the page and the API share an origin there too.
const api = `http://127.0.0.1:${process.env.BAYOU_PORT ?? '5080'}`;
const apiPaths = [
  '/metrics', '/ingest', '/health', '/info', '/error', '/doc', '/reference', '/deploys', '/logs', '/cluster', '/session',
  '/auth', '/api', '/projects', '/audit', '/worker', '/replay',
];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    manifest: true,
  },
  // What a script loads is beside it, wherever that is: the server may say that these files are at another origin.
  experimental: {
    renderBuiltUrl: (_file, { hostType }) => (hostType === 'html' ? undefined : { relative: true }),
  },
  server: { port: 5173, strictPort: true, proxy: Object.fromEntries(apiPaths.map((path) => [path, api])) },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
});
