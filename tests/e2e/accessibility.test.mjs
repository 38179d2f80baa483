// The pages as axe-core sees them, in both themes: no serious violation on the panel with every state of a key on it, in the
// list of devices, on the log-on card, or on the review page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launch } from './chromium.mjs';
import { openBuilt, openPanel } from './panel-page.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ui = fileURLToPath(new URL('../../ui/', import.meta.url));
let browser;
let fixture;

/** The view that the panel's own tests use; it is TypeScript, which vite reads. */
async function readFixture() {
  const { createServer } = await import(pathToFileURL(createRequire(`${ui}package.json`).resolve('vite')));
  const vite = await createServer({ root: ui, logLevel: 'error', server: { middlewareMode: true, watch: null, hmr: false }, optimizeDeps: { noDiscovery: true } });
  try {
    return (await vite.ssrLoadModule('/tests/fixture.ts')).fixture;
  } finally {
    await vite.close();
  }
}

before(async () => {
  fixture = await readFixture();
  browser = await launch();
});
after(() => browser?.close());

async function withPage(look) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    await look(page);
    await page.evaluate(() => document.fonts.ready);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ''}`).join('\n  ')}`), []);
  } finally {
    await page.close();
  }
}

const at = Date.UTC(2026, 10, 20, 13, 42, 7);
const line = { id: 'calder-wynn', name: 'Calder Wynn' };
const people = [{ id: 'a.reyes', name: 'A. Reyes' }, { id: 'calder', name: 'Calder Wynn' }];
const row = { id: 1, kind: 'ard', started_utc_ms: at, ended_utc_ms: at + 20_000, lines: [line], people, gaps: 1, spoken: true, sound_ms: 40_000 };
const ANSWERS = {
  '/api/me': { user: 'a.reyes', name: 'A. Reyes', roles: ['reviewer'] },
  '/api/recordings': { recordings: [row, { ...row, id: 2, gaps: 0 }, { ...row, id: 3, gaps: 0, people: people.slice(0, 1), spoken: false }], next_before: 2, lines: [{ ...line, kind: 'ard' }], people },
  '/api/recordings/1': {
    row,
    goes_on: null,
    tracks: people.map((talker, track) => ({ track, talker, uplink: 'left', line, started_utc_ms: at, length_ms: 20_000 })),
    events: [{ at_utc_ms: at + 1_000, line: null, who: [{ id: 'calder', name: 'Calder Wynn' }], what: 'Answered' }],
    gaps: [{ talker: people[0], line, from_utc_ms: at + 4_000, to_utc_ms: at + 5_000, why: 'The turret was not reached' }],
    verdict: { verified: false, segments: 4, first_wrong: '000002.opus', sentence: 'Segment 000002.opus is not as it was sealed.' },
  },
};

async function openReview(page, theme, answers) {
  await openBuilt(page, 'dist-review', `?theme=${theme}`);
  await page.route('**/api/**', (route) => {
    const { pathname } = new URL(route.request().url());
    const answer = pathname.endsWith('/peaks') ? { step_ms: 50, peaks: Array(400).fill(120) } : answers[pathname];
    return answer ? route.fulfill({ json: answer }) : route.fulfill({ status: 401, json: { sentence: 'Log on first.' } });
  });
  await page.reload();
}

for (const theme of ['dark', 'light']) {
  test(`the panel has no serious violation, ${theme}`, () => withPage(async (page) => {
    await openPanel(page, fixture, `?still&theme=${theme}`);
    await page.locator('.key').first().waitFor();
  }));

  test(`the list of devices has no serious violation, ${theme}`, () => withPage(async (page) => {
    await openPanel(page, fixture, `?still&theme=${theme}`);
    await page.getByRole('button', { name: 'Devices' }).click();
    await page.getByRole('dialog', { name: 'Devices' }).waitFor();
  }));

  test(`the log-on card has no serious violation, ${theme}`, () => withPage(async (page) => {
    const header = { ...fixture.header, user_id: null, link: { state: 'refused', sentence: 'User name or password is wrong. Try again.' } };
    await openPanel(page, { ...fixture, header }, `?still&theme=${theme}`);
    await page.locator('#user').waitFor();
  }));

  test(`the review page has no serious violation, ${theme}`, () => withPage(async (page) => {
    await openReview(page, theme, ANSWERS);
    await page.locator('[data-verified]').waitFor();
  }));

  test(`the log-on card of the review page has no serious violation, ${theme}`, () => withPage(async (page) => {
    await openReview(page, theme, {});
    await page.locator('#user').waitFor();
  }));
}
