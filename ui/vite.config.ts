// Builds the two pages: `--mode panel` the turret's window into dist, `--mode review` the review page into dist-review.
// Both are plain files that fetch nothing from elsewhere; fonts and styles are bundled.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  root: mode === 'review' ? 'review' : '.',
  base: './',
  plugins: [svelte({ configFile: false })],
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: {
    outDir: mode === 'review' ? '../dist-review' : 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // A font as a data: address would need a wider content security policy.
    assetsInlineLimit: 0,
  },
  test: { root: '.', environment: 'jsdom', include: ['tests/**/*.test.ts'] },
}));
