// Pictures of every main view: `shots.mjs DIR`. The window is the real one on the sample floor, with lamps held in their lit
// half so that two runs look alike; the review pages are the same switch's, in Chromium.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { openPanel } from './panel-page.mjs';
import { until } from './patience.mjs';
import { openWindow, voiceFile } from './window.mjs';

const SMALL = { width: 1280, height: 800 };
const LARGE = { width: 3840, height: 2160 };
const USER = 'a.reyes';
const OPEN_MICS = '[aria-label="Open microphones"]';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('name a folder for the pictures');

const keep = (name, png) => {
  writeFileSync(join(folder, `${name}.png`), png);
  console.log(`    ${name}.png`);
};

async function shoot(panel, name, theme = 'dark') {
  await panel.driver.executeScript(
    'document.documentElement.dataset.theme = arguments[0]; document.documentElement.classList.add("still");', theme);
  await until('the window has its size', () => panel.driver.executeScript('return innerWidth === arguments[0] && innerHeight === arguments[1]', SMALL.width, SMALL.height));
  // Two frames later everything has been painted as it is now.
  await panel.driver.executeAsyncScript('const done = arguments[0]; document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done())))');
  keep(name, Buffer.from(await panel.driver.takeScreenshot(), 'base64'));
}

/** What the window shows now, as its turret told it. */
const look = (panel) => panel.driver.executeAsyncScript('window.__TAURI__.core.invoke("look").then(arguments[0])');

/** A view drawn by Chromium. */
async function shootView(browser, name, view, { viewport = SMALL, theme = 'dark', ready = '.key' } = {}) {
  const page = await browser.newPage({ viewport });
  await openPanel(page, view, `?still&theme=${theme}`);
  await page.locator(ready).first().waitFor();
  keep(name, await page.screenshot({ animations: 'disabled', timeout: 120_000 }));
  await page.close();
}

/** A window's view on a screen that is larger than any display here, and with what a sample floor never shows. */
async function shootViews(view) {
  const browser = await launch();
  try {
    await shootView(browser, 'panel-dark-3840x2160', view, { viewport: LARGE });
    await shootView(browser, 'panel-lost-dark', lost(view));
    await shootView(browser, 'panel-not-recorded-dark', unrecorded(view));
    await shootView(browser, 'panel-not-recorded-light', unrecorded(view), { theme: 'light' });
    await shootView(browser, 'trust-dark', untrusted(view), { ready: '.mono' });
  } finally {
    await browser.close();
  }
}

/** Presses a line's key until it is in use here: a press that meets a lamp that changes in that moment does nothing. */
async function seize(panel, line) {
  await until(`${line} is in use here`, async () => {
    if ((await panel.lamp(line)) !== 'in_use_here') await panel.pressKey(line);
    return until('', async () => (await panel.lamp(line)) === 'in_use_here', 4_000);
  });
}

/** Holds a channel's talk key down until it has been open for a second: it may be the other window that has the focus. */
async function holdTalk(panel, line) {
  const key = `.talk[data-line="${line}"]`;
  await until(`${line} is talked on`, async () => {
    await panel.letGo();
    await panel.hold(key);
    return until('', async () => /OPEN 0:0[1-9]/.test(await panel.words(key)), 4_000);
  });
}

/** The same view with the switch gone since a few seconds. */
function lost(view) {
  const now_utc_ms = Date.now();
  return {
    ...view,
    header: { ...view.header, mics: [], recorder: { state: 'not_known', words: 'Not known' }, link: { state: 'lost', since_utc_ms: now_utc_ms - 4_000, retry_utc_ms: now_utc_ms + 2_000 } },
    keys: view.keys.map((key) => ({ ...key, lamp: 'stale', words: 'Stale', timer_utc_ms: null, stale_since_utc_ms: now_utc_ms - 4_000 })),
    channels: view.channels.map((one) => ({ ...one, lamp: 'stale', talk: 'stale', talking: false, talk_since_utc_ms: null, closes_utc_ms: null })),
    people: view.people.map((person) => ({ ...person, lamp: 'stale', words: 'Stale', talk: 'stale' })),
    groups: view.groups.map((group) => ({ ...group, lamp: 'stale', words: 'Stale', talk: 'stale' })),
    incoming: [],
  };
}

/** The same view with a recorder that cannot write. */
function unrecorded(view) {
  const proof = { state: 'not_recorded', why: 'the disk is full' };
  return {
    ...view,
    header: { ...view.header, recorder: { state: 'failing', words: 'Not recorded: the disk is full' } },
    keys: view.keys.map((key) => ({ ...key, proof })),
    channels: view.channels.map((one) => ({ ...one, proof })),
    positions: view.positions.map((at) => (at.line === null ? at : { ...at, proof })),
  };
}

/** The window of a turret that has not met its switch before. */
function untrusted(view) {
  const fingerprint = `sha256:${'5f2c910be477a0d3'.repeat(4)}`;
  return { ...view, header: { ...view.header, user_id: null, mics: [], link: { state: 'untrusted', fingerprint } } };
}

/** A colleague talks on a hoot and rings; here a line is held, one is talked on and a counterparty rings as well. */
async function shootBusy(panel, at) {
  panel.sound.say(panel.seats[0].mic, voiceFile('wolds-answer.wav'));
  panel.sound.say(panel.seats[1].mic, voiceFile('orsay-quote.wav'));
  await seize(panel, 'norrbank');
  await panel.press('[data-position="left"] .acts .btn');
  await panel.untilLamp('norrbank', 'held_here');
  await shoot(panel, 'panel-held-dark');
  await seize(panel, 'hallam-street');
  await at('R. Lindt');
  await panel.type('.talk[data-line="gilts-hoot"]', 'l');
  await panel.reads('.talk[data-line="gilts-hoot"]', /LATCH/);
  await panel.pressKey('pelican-re-ny');
  await at('A. Reyes');
  await panel.untilLamp('pelican-re', 'ringing_low');
  await until('Calder Wynn rings', async () => (await panel.lamp('calder-wynn')) === 'ringing_high', 90_000);
  await panel.reads('[data-channel="3"]', /R\. Lindt/);
  await panel.reads(OPEN_MICS, /Hallam Street Left · 0:\d\d · 1 hears you/);
  await shoot(panel, 'panel-busy-dark');
  await shoot(panel, 'panel-busy-light', 'light');
}

/** Both ends of the call are heard for a while, on nothing but that line. */
async function shootTalking(panel, at) {
  await panel.press('[data-position="left"] .btn.w');
  await at('R. Lindt');
  await panel.press('[data-position="left"] .btn.w');
  await panel.press('.talk[data-line="gilts-hoot"]');
  await panel.reads(OPEN_MICS, /Mics closed/);
  await at('A. Reyes');
  await until('Calder Wynn rings', async () => (await panel.lamp('calder-wynn')) === 'ringing_high', 90_000);
  await seize(panel, 'calder-wynn');
  await panel.reads(OPEN_MICS, /^1 ?open Calder Wynn Left · 0:2/);
  await shoot(panel, 'panel-talking-dark');
  await shoot(panel, 'panel-talking-light', 'light');
  await panel.press('[data-position="left"] .btn.w');
  await panel.untilLamp('calder-wynn', 'idle', 'ringing_high');
  await holdTalk(panel, 'sterling-hoot');
  await shoot(panel, 'panel-hoot-talk-dark');
  await panel.letGo();
}

async function shootIntercom(panel, at) {
  await at('R. Lindt');
  await panel.press('.fixed .fn');
  await panel.reads('.fixed .fn', /On/);
  await at('A. Reyes');
  await panel.reads('.p:has([data-person="r.lindt"])', /Do not disturb/);
  await panel.press('[data-person="r.lindt"]');
  await at('R. Lindt');
  await panel.reads('.p:has([data-person="a.reyes"])', /Calls you/);
  await shoot(panel, 'panel-intercom-dnd-dark');
  await at('A. Reyes');
  await panel.press('[data-person="r.lindt"]');
}

async function shootPanel(panel) {
  const windows = await panel.windows();
  const at = (user) => panel.driver.switchTo().window(windows[user]);
  await at('A. Reyes');
  await panel.reads('header .health', /Switch [\d.]+ ms/);
  await shoot(panel, 'panel-idle-dark');
  await shoot(panel, 'panel-idle-light', 'light');
  await shootBusy(panel, at);
  const busy = await look(panel);
  await shootTalking(panel, at);
  await shootIntercom(panel, at);
  await panel.driver.executeScript('[...document.querySelectorAll("header .act")].find((one) => one.innerText.includes("Log off")).click()');
  await panel.reads('[role="dialog"] h2', /Log off with a call/);
  await shoot(panel, 'panel-log-off-dark');
  await panel.driver.executeScript('[...document.querySelectorAll("[role=dialog] button")].at(-1).click()');
  await panel.reads('h1', /Log on/);
  await shoot(panel, 'log-on-dark');
  await shoot(panel, 'log-on-light', 'light');
  await shootViews(busy);
}

/** Waits until both who talked have a waveform. */
async function untilDrawn(page) {
  await page.locator('[data-lane] canvas').first().waitFor();
  await until('the waveforms are drawn', () => page.locator('[data-lane] canvas').evaluateAll((lanes) => lanes.filter((lane) => {
    const { data } = lane.getContext('2d').getImageData(0, 0, lane.width, Math.floor(lane.height / 2) - 4);
    return data.some((value) => value > 0);
  }).length >= 2));
}

/** Changes a byte in the first sealed segment of a recording, as nobody should. */
function spoil(data, id) {
  const folder = join(data, 'sample-floor/recordings/segments');
  const begins = `r${String(id).padStart(5, '0')}-`;
  const name = readdirSync(folder, { recursive: true }).find((path) => path.includes(begins) && path.endsWith('.opus'));
  const bytes = readFileSync(join(folder, name));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(join(folder, name), bytes);
}

async function shootReview(origin, data) {
  const browser = await launch();
  try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: SMALL, colorScheme: 'dark' });
    const shot = async (name) => keep(name, await page.screenshot({ animations: 'disabled', timeout: 120_000 }));
    const open = async (id) => {
      await page.locator(`[data-recording="${id}"]`).click();
      await page.locator('[data-verified]').waitFor();
      await untilDrawn(page);
    };
    await page.goto(origin);
    await page.getByLabel('User name').waitFor();
    await shot('review-log-on-dark');
    await page.getByLabel('User name').fill(USER);
    await page.getByLabel('Password').fill(samplePassword(data, USER));
    await page.getByRole('button', { name: 'Log on' }).click();
    await page.locator('[data-recording]').first().waitFor();
    const { recordings } = await (await page.request.get(`${origin}/api/recordings`)).json();
    const calls = recordings.filter((row) => row.ended_utc_ms !== null && row.people.length > 1 && row.lines.some((line) => line.id === 'calder-wynn'));
    const [call] = calls.sort((a, b) => b.ended_utc_ms - b.started_utc_ms - (a.ended_utc_ms - a.started_utc_ms));
    await open(call.id);
    // What has ended is signed within a minute.
    await page.getByText('Verified', { exact: true }).waitFor({ timeout: 90_000 });
    // The middle of the recording, so that both inks are seen.
    await page.locator('[role="slider"]').click();
    await shot('review-recording-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await shot('review-recording-light');
    await page.setViewportSize({ width: 1920, height: 1080 });
    await shot('review-recording-light-1920x1080');
    await page.setViewportSize(SMALL);
    await page.emulateMedia({ colorScheme: 'dark' });
    spoil(data, call.id);
    await page.reload();
    await page.locator('[data-recording]').first().waitFor();
    await open(call.id);
    await shot('review-wrong-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.getByLabel('From, UTC').fill('2001-01-01T00:00');
    await page.getByLabel('To, UTC').fill('2001-01-02T00:00');
    await page.getByText('No recordings match').waitFor();
    await shot('review-list-empty-light');
  } catch (error) {
    for (const page of browser.contexts().flatMap((context) => context.pages())) keep('unfinished-review', await page.screenshot());
    throw error;
  } finally {
    await browser.close();
  }
}

/** The password of a sample user, from the file that the sample floor's switch keeps for the person at the desk. */
function samplePassword(data, user) {
  const text = readFileSync(join(data, 'sample-floor/passwords.txt'), 'utf8');
  const line = text.split('\n').find((words) => words.split(/\s+/)[0].replace(/:$/, '') === user);
  return line.trim().split(/\s+/).at(-1);
}

const panel = await openWindow({ mics: [['left', 'right', 'hands-free'], ['left', 'right', 'hands-free']] });
try {
  await shootPanel(panel);
  const log = readFileSync(join(panel.opened.folder, 'log'), 'utf8').replace(/\x1b\[\d+m/g, '');
  const [, address] = /the sample floor runs addr=(\S+)/.exec(log);
  await shootReview(`https://${address}`, join(panel.opened.folder, 'data'));
} catch (error) {
  // What the window shows says more than the line that waited in vain.
  keep('unfinished', Buffer.from(await panel.driver.takeScreenshot(), 'base64'));
  throw error;
} finally {
  await panel.close();
}
