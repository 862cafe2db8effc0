// Builds the page: index.html beside ./graphiql/, whose file names hold the hash of what is in them.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // the page finds its parts below whatever path a proxy puts the hub
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    assetsDir: 'graphiql',
    assetsInlineLimit: 0, // files of the same origin, so that the policy needs few data: sources
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8192, // kB: Monaco is an editor
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // "use client" means nothing here
  },
  worker: { format: 'es' },
});
