// The real window on the sample floor: what a person does with the pointer, what the panel shows, and what can be heard at
// the loudspeakers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HEARD, likeness, readWav } from './speech.mjs';
import { until } from './patience.mjs';
import { openWindow, voiceFile } from './window.mjs';

const OPEN_MICS = '[aria-label="Open microphones"]';
const voice = (name) => readWav(voiceFile(name));

describe('one turret', () => {
  let panel;
  before(async () => { panel = await openWindow(); });
  after(() => panel?.close());

  test('the window opens logged on to the sample floor with keys and lamps', async () => {
    await panel.reads('header .who', /A\. Reyes London Rates/);
    for (const name of ['Calder Wynn', 'Wolds Pension', 'Castellan Re']) await panel.reads('main', new RegExp(name));
    const lamps = await panel.driver.executeScript('return [...document.querySelectorAll(".key")].map((key) => key.dataset.lamp)');
    assert.ok(lamps.length >= 10, `${lamps.length} keys`);
    const known = /^(idle|ringing_high|ringing_low|in_use_here|in_use_elsewhere|held_here|held_elsewhere)$/;
    assert.deepEqual(lamps.filter((lamp) => !known.test(lamp)), [], 'no key is stale or out of service');
  });

  test('the header shows the switch and the recorder, and the keys agree with it', async () => {
    await panel.reads('header .health', /Switch [\d.]+ ms/);
    await until('header and keys say the same of the recorder', async () => {
      const [failing, alarmed, keys] = await panel.driver.executeScript(`return [
        document.querySelectorAll('header .health .bad').length,
        document.querySelectorAll('.key.alarm').length, document.querySelectorAll('.key').length]`);
      return failing > 0 ? alarmed === keys : alarmed === 0;
    });
    assert.match(await panel.words('header .health'), /Recorder( fails)?$/);
  });

  test('a person presses a private wire, the counterparty answers and is heard in the handset', async () => {
    const ear = await panel.sound.ear(panel.seats[0].left);
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await panel.reads('[data-position="left"]', /Hallam Street/);
    const said = voice('hallam-bid.wav');
    const found = await ear.hears(said, HEARD);
    const other = likeness(voice('tagus-bid.wav'), ear.samples);
    assert.ok(other < HEARD && other < found, `other words score ${other} beside ${found}`);
    const elsewhere = await panel.sound.ear(panel.seats[0].right);
    await until('the other ear has listened for three seconds', () => elsewhere.seconds > 3);
    assert.ok(likeness(said, elsewhere.samples) < HEARD, 'the right handset is silent');
    await panel.press('[data-position="left"] .btn.w');
    await panel.untilLamp('hallam-street', 'idle', 'ringing_low');
  });

  test('holding the talk key of a hoot counts one open microphone and letting it go counts none', async () => {
    await panel.reads(OPEN_MICS, /Mics closed/);
    await panel.hold('.talk[data-line="gilts-hoot"]');
    await panel.reads(OPEN_MICS, /^1 ?open Gilts hoot/);
    // Held longer than a tap, so that letting go shuts it and does not latch.
    await panel.reads('.talk[data-line="gilts-hoot"]', /OPEN 0:0[1-9]/);
    await panel.letGo();
    await panel.reads(OPEN_MICS, /Mics closed/);
  });
});

describe('two turrets', () => {
  let panel;
  before(async () => { panel = await openWindow({ mics: [['left'], ['left']] }); });
  after(() => panel?.close());

  test('one turret rings the other, which answers and hears what is said into the first one’s handset', async () => {
    const windows = await panel.windows();
    const at = (user) => panel.driver.switchTo().window(windows[user]);
    await at('A. Reyes');
    await panel.pressKey('wolds-pension');
    await at('R. Lindt');
    await panel.untilLamp('wolds-pension-ny', 'ringing_high');
    await panel.pressKey('wolds-pension-ny');
    await panel.untilLamp('wolds-pension-ny', 'in_use_here');
    const ear = await panel.sound.ear(panel.seats[1].left);
    panel.sound.say(panel.seats[0].mic, voiceFile('wolds-answer.wav'));
    await ear.hears(voice('wolds-answer.wav'), HEARD);
    await panel.press('[data-position="left"] .btn.w');
    await panel.untilLamp('wolds-pension-ny', 'idle');
    await at('A. Reyes');
    await panel.untilLamp('wolds-pension', 'idle');
  });
});
