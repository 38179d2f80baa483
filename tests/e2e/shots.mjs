// Pictures of every main view: `shots.mjs DIR`. The window is the real one on the sample floor, with lamps held in their lit
// half so that two runs look alike; the review pages are the same switch's, in Chromium.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { openPanel } from './panel-page.mjs';
import { until } from './patience.mjs';
import { openWindow, voiceFile } from './window.mjs';

const SMALL = { width: 1280, height: 800 };
const LARGE = { width: 3840, height: 2160 };
const USER = 'a.reyes';

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

/** The window's own view on a screen that is larger than any display here, drawn by Chromium. */
async function shootLarge(panel, name) {
  const view = await panel.driver.executeAsyncScript('window.__TAURI__.core.invoke("look").then(arguments[0])');
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: LARGE, colorScheme: 'dark' });
    await openPanel(page, view);
    await page.locator('.key').first().waitFor();
    keep(name, await page.screenshot());
  } finally {
    await browser.close();
  }
}

async function shootPanel(panel) {
  await panel.reads('header .who', /Reyes/);
  await panel.reads('header .health', /Switch [\d.]+ ms/);
  await until('nothing rings', async () => (await panel.lamp('calder-wynn')) === 'idle');
  await shoot(panel, 'panel-idle-dark');
  await shoot(panel, 'panel-idle-light', 'light');
  await panel.untilLamp('calder-wynn', 'ringing_high');
  await shoot(panel, 'panel-ringing-dark');
  await shoot(panel, 'panel-ringing-light', 'light');
  await panel.pressKey('calder-wynn');
  await panel.untilLamp('calder-wynn', 'in_use_here');
  panel.sound.say(panel.seats[0].mic, voiceFile('wolds-answer.wav'));
  await panel.reads('[aria-label="Open microphones"]', /1 ?open/);
  await shoot(panel, 'panel-talking-dark');
  await shoot(panel, 'panel-talking-light', 'light');
  await panel.hold('.talk[data-line="sterling-hoot"]');
  await panel.reads('.talk[data-line="sterling-hoot"]', /OPEN 0:0[1-9]/);
  await shoot(panel, 'panel-hoot-talk-dark');
  await panel.letGo();
  await shootLarge(panel, 'panel-dark-3840x2160');
  await panel.press('[data-position="left"] .btn.w');
  await panel.untilLamp('calder-wynn', 'idle');
  await panel.driver.executeScript('[...document.querySelectorAll("header .act")].find((one) => one.innerText.includes("Log off")).click()');
  await panel.reads('h1', /Log on/);
  await shoot(panel, 'log-on-dark');
  await shoot(panel, 'log-on-light', 'light');
}

async function shootReview(origin, password) {
  const browser = await launch();
  try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: SMALL, colorScheme: 'dark' });
    const shot = async (name) => keep(name, await page.screenshot());
    await page.goto(origin);
    await page.getByLabel('User name').waitFor();
    await shot('review-log-on-dark');
    await page.getByLabel('User name').fill(USER);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log on' }).click();
    await page.getByRole('region', { name: 'Results' }).waitFor();
    await shot('review-list-dark');
    const { recordings } = await (await page.request.get(`${origin}/api/recordings`)).json();
    if (recordings.length === 0) return console.log('    no picture of a recording: this switch has none');
    await page.locator('[data-recording]').last().click();
    await page.locator('[data-verified]').waitFor();
    await shot('review-recording-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await shot('review-recording-light');
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

const panel = await openWindow({ mics: [['left', 'right', 'hands-free']] });
try {
  await shootPanel(panel);
  const log = readFileSync(join(panel.opened.folder, 'log'), 'utf8').replace(/\x1b\[\d+m/g, '');
  const [, address] = /the sample floor runs addr=(\S+)/.exec(log);
  await shootReview(`https://${address}`, samplePassword(join(panel.opened.folder, 'data'), USER));
} finally {
  await panel.close();
}
