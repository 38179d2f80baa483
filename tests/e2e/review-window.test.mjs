// The review window of a real turret: it opens logged on as whoever sits at the turret, and goes when they log off.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from './patience.mjs';
import { openWindow, voiceFile } from './window.mjs';

const REVIEW = 'header .act[title="Opens the review page"]';
let panel;
let turret;

before(async () => {
  panel = await openWindow({ mics: [['left']] });
  turret = await panel.driver.getWindowHandle();
});
after(() => panel?.close());

/** Rings Hallam Street, talks for a while and releases. */
async function talkOnce() {
  await panel.pressKey('hallam-street');
  await panel.untilLamp('hallam-street', 'in_use_here');
  panel.sound.say(panel.seats[0].mic, voiceFile('wolds-answer.wav'));
  await panel.reads('[data-position="left"] .line .t', /0:(0[5-9]|[1-5]\d)/);
  await panel.reads('[data-position="left"] .rec', /^recorded$/);
  await panel.press('[data-position="left"] .btn.w');
  await panel.untilLamp('hallam-street', 'idle', 'ringing_low');
}

const others = async () => (await panel.driver.getAllWindowHandles()).filter((handle) => handle !== turret);

test('the header shows the seat that the floor gives this user', async () => {
  await panel.reads('header .who', /London Rates · 4-12/);
});

test('a click on Review opens a window that is logged on and lists the call that was just made', async () => {
  await talkOnce();
  await panel.press(REVIEW);
  const [review] = await until('the review window is open', async () => {
    const open = await others();
    return open.length === 1 ? open : null;
  });
  await panel.driver.switchTo().window(review);
  await panel.reads('header .who', /A\. Reyes/);
  await until('the call is listed', async () => {
    const rows = await panel.driver.executeScript('return [...document.querySelectorAll("[data-recording]")].map((row) => row.innerText)');
    if (rows.some((row) => /Hallam Street/.test(row))) return true;
    // A call is listed once it is sealed.
    await panel.driver.executeScript('location.reload()');
    return null;
  });
  assert.equal(await panel.words('#password'), null, 'nobody is asked for a password');
});

test('logging off at the turret closes its review window', async () => {
  await panel.driver.switchTo().window(turret);
  await panel.driver.executeScript('[...document.querySelectorAll("header .act")].find((one) => one.innerText.includes("Log off")).click()');
  await panel.reads('h1', /Log on/);
  await until('the review window has closed', async () => (await others()).length === 0);
});
