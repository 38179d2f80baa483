// A turret that is sent to another switch from its log-on card: its certificate is shown and trusted, and next time it is the
// turret's own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Floor } from './floor.mjs';
import { openWindow } from './window.mjs';

const USER = 'reyes';
let floor;
let panel;

before(async () => {
  floor = await Floor.start('two-desks', [USER, 'lindt']);
  panel = await openWindow({ mics: [['left']] });
});
after(async () => {
  await panel?.close();
  await floor?.close();
});

const fill = async (selector, words) => (await panel.find(selector)).sendKeys(words);

async function logOn(password) {
  await fill('#user', USER);
  await fill('#password', password);
  await panel.press('.go');
}

const logOff = () => panel.driver.executeScript('[...document.querySelectorAll("header .act")].find((one) => one.innerText.includes("Log off")).click()');

test('another switch shows the fingerprint of its certificate before anything is sent to it', async () => {
  await panel.reads('header .who', /A\. Reyes/);
  await logOff();
  await panel.reads('h1', /Log on/);
  await panel.press('.other');
  await fill('#switch', floor.address);
  await logOn(floor.password);
  await panel.reads('h1', /Is this your switch/);
  const shown = (await panel.words('.mono')).replace(/SHA-256/i, '').replace(/\s/g, '');
  assert.equal(`sha256:${shown}`, floor.pin);
});

test('a switch that is not trusted is left again for the log-on card', async () => {
  await panel.press('.back');
  await panel.reads('h1', /Log on/);
  // The card kept the name and the address; only the password is forgotten.
  await fill('#password', floor.password);
  await panel.press('.go');
  await panel.reads('h1', /Is this your switch/);
});

test('once it is trusted its user is logged on and rings a line there', async () => {
  const lindt = await floor.turret('lindt');
  await panel.driver.executeScript('[...document.querySelectorAll("button")].find((one) => one.innerText.includes("Trust this switch")).click()');
  await panel.reads('header .health', /Switch [\d.]+ ms/);
  await panel.pressKey('ard-london');
  await lindt.lamp('ard-new-york', 'ringing_low', 'ringing_high');
});

test('the next start is at that switch and asks for nobody\'s trust again', async () => {
  await panel.restart();
  await panel.reads('h1', /Log on/);
  await panel.reads('footer', new RegExp(floor.address.replace('wss://', '')));
  await logOn(floor.password);
  await panel.reads('header .health', /Switch [\d.]+ ms/);
});

test('a wrong password is refused in one sentence that says what to do', async () => {
  await logOff();
  await panel.reads('h1', /Log on/);
  await logOn('not the password');
  await panel.reads('.trouble', /\w.*\./);
});
