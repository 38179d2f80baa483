// The review page against a real switch with a real recording: it is found, heard, proved, and no longer proved once a byte
// of it has changed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './chromium.mjs';
import { Floor } from './floor.mjs';
import { until } from './patience.mjs';
import { voiceFile } from './window.mjs';

const TALK_S = 6;
let floor;
let browser;
let page;

/** Reyes rings New York, Lindt answers, both talk for a while, and Reyes releases. */
async function talkOnce() {
  const reyes = await floor.turret('reyes', { left: voiceFile('calder-offer.wav') });
  const lindt = await floor.turret('lindt', { left: voiceFile('hallam-bid.wav') });
  reyes.press(await reyes.lamp('ard-london', 'idle'));
  lindt.press(await lindt.lamp('ard-new-york', 'ringing_high', 'ringing_low'));
  const key = await lindt.lamp('ard-new-york', 'in_use_here');
  await lindt.until(`they have talked for ${TALK_S} s`, () => Date.now() - key.timer_utc_ms > TALK_S * 1_000);
  reyes.act({ intent: 'release', position: 'left' });
  await lindt.lamp('ard-new-york', 'idle');
}

before(async () => {
  floor = await Floor.start('two-desks', ['reyes', 'lindt']);
  await talkOnce();
  browser = await launch();
  page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
  // The page's players are in no document: this keeps them in reach.
  await page.addInitScript(() => {
    window.players = [];
    const Real = window.Audio;
    window.Audio = function Audio(...given) {
      const made = new Real(...given);
      window.players.push(made);
      return made;
    };
  });
});
after(async () => {
  await browser?.close();
  await floor?.close();
});

const places = () => page.evaluate(() => window.players.map((player) => player.currentTime));

async function openRecording() {
  await until('the recording is listed', async () => {
    if (await page.locator('[data-recording]').count()) return true;
    await page.getByRole('button', { name: 'Search again' }).click();
    return null;
  });
  await page.locator('[data-recording]').first().click();
  await page.locator('[data-verified]').waitFor();
}

test('nobody sees a recording before they have logged on', async () => {
  const answer = await page.request.get(`${floor.origin}/api/recordings`);
  assert.equal(answer.status(), 401);
  await page.goto(floor.origin);
  await page.getByLabel('User name').waitFor();
});

test('a reviewer logs on and finds the call, with both who talked', async () => {
  await page.getByLabel('User name').fill('reyes');
  await page.getByLabel('Password').fill(floor.password);
  await page.getByRole('button', { name: 'Log on' }).click();
  await openRecording();
  const row = await page.locator('[data-recording]').first().innerText();
  assert.match(row, /ARD/);
  assert.match(row, /Reyes/);
  assert.match(row, /Lindt/);
});

test('a recording that nobody has changed is shown as verified', async () => {
  assert.equal(await page.locator('[data-verified]').getAttribute('data-verified'), 'true');
  await page.getByText('Verified', { exact: true }).waitFor();
});

test('pressing play plays every track, and the cursor moves with the sound', async () => {
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  const began = await until('both tracks sound', async () => {
    const now = await places();
    return now.length >= 2 && now.filter((place) => place > 0.2).length >= 2 ? now : null;
  });
  await until('both tracks have gone on for a second', async () => {
    const now = await places();
    return now.filter((place, at) => place >= began[at] + 1).length >= 2;
  });
  const length = await until('the length of each track is known', async () => {
    const all = await page.evaluate(() => window.players.map((player) => player.duration));
    return all.every(Number.isFinite) ? Math.max(...all) : null;
  });
  assert.ok(length > TALK_S - 2, `the longest track lasts ${length} s`);
  assert.ok(Number(await page.locator('[data-cursor-ms]').getAttribute('data-cursor-ms')) > 1_000);
  assert.equal(await page.locator('.tr [role="alert"]').count(), 0);
});

test('a changed byte in a segment turns the mark bad and names the segment', async () => {
  const segments = join(floor.data, 'recordings/segments');
  const name = readdirSync(segments, { recursive: true }).find((path) => path.endsWith('.opus'));
  const bytes = readFileSync(join(segments, name));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(join(segments, name), bytes);
  await page.reload();
  await openRecording();
  assert.equal(await page.locator('[data-verified]').getAttribute('data-verified'), 'false');
  const said = await page.locator('[data-verified]').innerText();
  assert.ok(said.includes(name.split('/').at(-1)), `${name} is named: ${said}`);
});
