import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const api = process.env.FLEXTRAFF_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [react()],
  build: {
    outDir: here('../dist/twin-ui'),
    emptyOutDir: true,
    target: 'es2022',
    // Everything comes from files of the same origin: the content security policy allows neither inline scripts nor data fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': api, '/socket.io': { target: api, ws: true } } },
});
