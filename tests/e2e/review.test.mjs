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

// What has ended is signed within a minute.
const SIGNED_MS = 90_000;
const TALK_S = 6;
let floor;
let browser;
let page;

/** London rings New York on one of the wires, both talk for a while, and London releases. */
async function talk(wire, [london, says], [newYork, answers]) {
  const ringer = await floor.turret(london, { left: voiceFile(says) });
  const answerer = await floor.turret(newYork, { left: voiceFile(answers) });
  ringer.press(await ringer.lamp(`${wire}-london`, 'idle'));
  answerer.press(await answerer.lamp(`${wire}-new-york`, 'ringing_high', 'ringing_low'));
  const key = await answerer.lamp(`${wire}-new-york`, 'in_use_here');
  await answerer.until(`they have talked for ${TALK_S} s`, () => Date.now() - key.timer_utc_ms > TALK_S * 1_000);
  ringer.act({ intent: 'release', position: 'left' });
  await answerer.lamp(`${wire}-new-york`, 'idle');
}

before(async () => {
  floor = await Floor.start('two-desks', ['reyes', 'lindt', 'marsh', 'keane']);
  await talk('second', ['marsh', 'tagus-bid.wav'], ['keane', 'corbel-done.wav']);
  await talk('ard', ['reyes', 'calder-offer.wav'], ['lindt', 'hallam-bid.wav']);
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

/** Where the cursor is, in milliseconds from the recording's beginning. */
const cursor = async () => Number(await page.locator('[data-cursor-ms]').getAttribute('data-cursor-ms'));

const places = () => page.evaluate(() => window.players.map((player) => player.currentTime));

const rows = () => page.locator('[data-recording]').allInnerTexts();

/** Waits until the list has just these recordings, each named by somebody who talked. */
async function lists(...talkers) {
  await until(`the list has ${talkers.join(', ') || 'no recording'}`, async () => {
    const shown = await rows();
    return shown.length === talkers.length && talkers.every((name, at) => shown[at].includes(name));
  });
}

/** When a recording of the list began, as it is entered in UTC. */
async function began(at) {
  const { recordings } = await (await page.request.get(`${floor.origin}/api/recordings`)).json();
  return new Date(recordings[at].started_utc_ms).toISOString().slice(0, 19);
}

async function openRecording() {
  await until('the recording is listed', async () => {
    // A page that is open finds what is new by itself.
    return (await rows()).length === 2;
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
  await page.getByText('Verified', { exact: true }).waitFor({ timeout: SIGNED_MS });
});

test('no word of the verdict is cut, in a small window and in a large one', async () => {
  for (const [width, height] of [[1280, 800], [1920, 1080]]) {
    await page.setViewportSize({ width, height });
    const cut = await page.locator('.proof *, [aria-label="Evidence"] *').evaluateAll((all) => all
      .filter((one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX !== 'visible')
      .map((one) => one.textContent));
    assert.deepEqual(cut, []);
    const beyond = await page.locator('.proof dl, .proof .said').evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right).length);
    assert.equal(beyond, 0);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('each of the two who talked has a lane with a waveform drawn in it', async () => {
  await until('two lanes are drawn', async () => {
    const tallest = await page.locator('[data-lane] canvas').evaluateAll((lanes) => lanes.map((lane) => {
      const { data, width, height } = lane.getContext('2d').getImageData(0, 0, lane.width, lane.height);
      const inked = (x) => Array.from({ length: height }, (_, y) => data[(y * width + x) * 4 + 3]).filter((alpha) => alpha > 0).length;
      return Math.max(...Array.from({ length: width }, (_, x) => inked(x)));
    }));
    // The base line alone is a pixel or two tall.
    return tallest.length === 2 && tallest.every((pixels) => pixels > 10);
  });
});

test('choosing a person leaves the recordings on which that person talked', async () => {
  await lists('Reyes', 'Marsh');
  await page.getByLabel('Person').selectOption({ label: 'T. Marsh' });
  await lists('Marsh');
  await page.getByRole('button', { name: 'Show all' }).click();
  await lists('Reyes', 'Marsh');
});

test('choosing a line leaves the recordings of that line', async () => {
  await page.getByLabel('Line or hoot').selectOption({ label: 'New York ARD – London ARD, 4401' });
  await lists('Reyes');
  await page.getByRole('button', { name: 'Show all' }).click();
  await lists('Reyes', 'Marsh');
});

test('a first and a last time leave the recordings between them', async () => {
  await page.getByLabel('From, UTC').fill(await began(0));
  await lists('Reyes');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByLabel('To, UTC').fill(await began(0));
  await lists('Marsh');
  await page.getByLabel('From, UTC').fill('2001-01-01');
  await page.getByLabel('To, UTC').fill('2001-01-02 00:00');
  await lists();
  await page.getByText('No recordings match').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await lists('Reyes', 'Marsh');
  await page.locator('[data-recording]').first().click();
});

test('a date that could be read in two ways is refused in words, and the list stays', async () => {
  const from = page.getByLabel('From, UTC');
  await from.fill('11/20/2026');
  await from.press('Enter');
  await page.getByText('This is no time. Write it as YYYY-MM-DD hh:mm:ss, or the day alone.').waitFor();
  assert.equal(await from.getAttribute('aria-invalid'), 'true');
  await lists('Reyes', 'Marsh');
  await from.fill(new Date().toISOString().slice(0, 10));
  await lists('Reyes', 'Marsh');
  assert.equal(await from.getAttribute('aria-invalid'), 'false');
  await page.getByRole('button', { name: 'Show all' }).click();
  assert.equal(await from.inputValue(), '');
});

test('what happened is listed with time and who, and choosing it moves the cursor there', async () => {
  const listed = page.getByRole('region', { name: 'Events' });
  await listed.getByRole('button').first().waitFor();
  const told = (await listed.getByRole('button').allInnerTexts()).map((text) => text.split(/\s*\n\s*/));
  assert.deepEqual(told.map(([, who, what]) => `${who}: ${what}`), ['A. Reyes: Seized', 'London ARD: Rings', 'R. Lindt: Answered', 'A. Reyes: Released']);
  assert.ok(told.every(([time]) => /^\d\d:\d\d:\d\d$/.test(time)), 'each has its time');
  const id = await page.locator('[data-recording]').first().getAttribute('data-recording');
  const { row, events, tracks } = await (await page.request.get(`${floor.origin}/api/recordings/${id}`)).json();
  const from = Math.min(row.started_utc_ms, ...tracks.map((track) => track.started_utc_ms), ...events.map((event) => event.at_utc_ms));
  await listed.getByRole('button', { name: /Answered/ }).click();
  assert.equal(await cursor(), events[2].at_utc_ms - from);
  await listed.getByRole('button', { name: /Released/ }).press('Enter');
  assert.equal(await cursor(), events[3].at_utc_ms - from);
  // The flags above the lanes lead to the same places.
  await page.locator('.ev button').last().click();
  assert.equal(await cursor(), events[3].at_utc_ms - from);
  assert.ok(await page.locator('[data-lane] .mark').count() >= 2, 'the lanes are marked');
  await page.locator('.ev button').first().click();
  assert.equal(await cursor(), events[0].at_utc_ms - from);
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
    const all = await page.evaluate(() => window.players.filter((player) => player.src).map((player) => player.duration));
    return all.every(Number.isFinite) ? Math.max(...all) : null;
  });
  assert.ok(length > TALK_S - 2, `the longest track lasts ${length} s`);
  assert.ok(Number(await page.locator('[data-cursor-ms]').getAttribute('data-cursor-ms')) > 1_000);
  assert.equal(await page.locator('.tr [role="alert"]').count(), 0);
});

test('a changed byte in a segment turns the mark bad and names the segment', async () => {
  const segments = join(floor.data, 'recordings/segments');
  const id = await page.locator('[data-recording]').first().getAttribute('data-recording');
  const recording = `r${id.padStart(5, '0')}-`;
  const name = readdirSync(segments, { recursive: true }).find((path) => path.includes(recording) && path.endsWith('.opus'));
  const bytes = readFileSync(join(segments, name));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(join(segments, name), bytes);
  await page.reload();
  await openRecording();
  assert.equal(await page.locator('[data-verified]').getAttribute('data-verified'), 'false');
  const said = await page.locator('[data-verified]').innerText();
  assert.ok(said.includes(name.split('/').at(-1)), `${name} is named: ${said}`);
});

test('a ring that nobody answered is listed without a search, quietly, once recordings without speech are wanted', async () => {
  const silent = join(floor.folder, 'silence.wav');
  const header = readFileSync(voiceFile('tagus-bid.wav')).subarray(0, 44);
  writeFileSync(silent, Buffer.concat([header, Buffer.alloc(header.readUInt32LE(40))]));
  await page.getByLabel('With speech').uncheck();
  await lists('Reyes', 'Marsh');
  const chosen = await page.locator('[data-recording][aria-current="true"]').getAttribute('data-recording');
  const ringer = await floor.turret('reyes', { left: silent });
  ringer.press(await ringer.lamp('ard-london', 'idle'));
  await ringer.lamp('ard-london', 'in_use_here');
  await lists('Reyes', 'Reyes', 'Marsh');
  await page.locator('[data-recording]').first().click();
  await page.getByText('Goes on', { exact: true }).waitFor();
  await page.getByText('It ends with the call.').waitFor();
  ringer.act({ intent: 'release', position: 'left' });
  await page.getByText('A. Reyes · not answered').waitFor();
  await page.getByText('Verified', { exact: true }).waitFor({ timeout: SIGNED_MS });
  const { recordings: [ring] } = await (await page.request.get(`${floor.origin}/api/recordings`)).json();
  await page.getByLabel('With speech').check();
  // Sound that a busy machine has lost may have been a word: such a ring stays.
  await lists(...(ring.spoken ? ['Reyes'] : []), 'Reyes', 'Marsh');
  const left = ring.spoken ? String(ring.id) : chosen;
  assert.equal(await page.locator('[data-recording][aria-current="true"]').getAttribute('data-recording'), left);
});
