// The built panel in Chromium, with a given view in the place of a turret: for sizes that no screen here has, and for the
// checks that only Chromium can make.
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ORIGIN = 'http://panel.invalid';
const dist = (name) => fileURLToPath(new URL(`../../ui/${name}`, import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.woff': 'font/woff' };

/** Serves a built folder of `ui` to `page` and opens it. */
export async function openBuilt(page, name, query = '') {
  await page.route(`${ORIGIN}/**`, (route) => {
    const path = new URL(route.request().url()).pathname;
    const file = join(dist(name), path === '/' ? 'index.html' : path);
    if (!existsSync(file)) return route.fulfill({ status: 404, body: '' });
    return route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] ?? 'application/octet-stream' });
  });
  await page.goto(`${ORIGIN}/${query}`);
}

/** Opens the panel with `view` as all that its turret ever shows. */
export async function openPanel(page, view, query = '?still&theme=dark') {
  await page.addInitScript((shown) => {
    window.__TAURI__ = {
      core: { invoke: async (command) => (command === 'look' ? shown : null) },
      event: { listen: async () => () => {} },
      webviewWindow: { getCurrentWebviewWindow: () => ({ label: 'turret-1' }) },
    };
  }, view);
  await openBuilt(page, 'dist', query);
  await page.evaluate(() => document.fonts.ready);
}
