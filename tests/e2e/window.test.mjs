// The real window on the sample floor: what a person does with the pointer, what the panel shows, and what can be heard at
// the loudspeakers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { By } from 'selenium-webdriver';
import { until } from './patience.mjs';
import { sealed } from './recorded.mjs';
import { HEARD, likeness, RATE_HZ, readWav } from './speech.mjs';
import { openWindow, voiceFile } from './window.mjs';

/** A recording that lacks one microphone period in twenty scores less. */
const WHOLE = 0.85;
const OPEN_MICS = '[aria-label="Open microphones"]';
const LEFT = '[data-position="left"]';
const RELEASE = `${LEFT} .btn.w`;
const voice = (name) => readWav(voiceFile(name));

/** Presses the button of a zone that has these words on it. */
async function pressButton(panel, zone, words) {
  const [button] = await panel.driver.findElements(By.xpath(`//*[@data-zone="${zone}"]//button[normalize-space()="${words}"]`));
  assert.ok(button, `${zone} has no button ${words}`);
  await button.click();
}

/** The seconds on the timer of the only open microphone. */
async function openSeconds(panel) {
  const [, minutes, seconds] = /(\d+):(\d\d)/.exec(await panel.words(OPEN_MICS));
  return Number(minutes) * 60 + Number(seconds);
}

/** Waits until the left handset's meter shows that its microphone hears something. */
function untilMeterMoves(panel) {
  return until('the meter of the left microphone moves', () => panel.driver.executeScript(
    `return Number(document.querySelector('${LEFT} .mts .meter')?.style.getPropertyValue('--lv')) > 0`));
}

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

  test('sixteen speaker channels are shown, each with its name, volume, meter, mute and talk key', async () => {
    const channels = await panel.driver.executeScript(`return [...document.querySelectorAll('[data-channel]')].map((one) => ({
      number: one.dataset.channel, name: one.querySelector('.n .ell')?.innerText,
      volume: one.querySelector('[role="slider"]')?.getAttribute('aria-label'), meter: one.querySelectorAll('.meter').length,
      mute: one.querySelector('[aria-label^="Mute "]')?.getAttribute('aria-label'), talk: one.querySelector('.talk')?.getAttribute('aria-label'),
    }))`);
    assert.deepEqual(channels.map(({ number }) => number), Array.from({ length: 16 }, (_, at) => String(at + 1)));
    for (const { number, name, volume, meter, mute, talk } of channels) {
      assert.ok(name, `channel ${number} has a name`);
      assert.deepEqual([volume, meter, mute], [`${name} volume`, 1, `Mute ${name}`]);
      assert.match(talk, new RegExp(`^Talk on ${name}, (closed|listen only)`));
    }
  });

  describe('a call that rings in', () => {
    test('a counterparty that rings is answered at its key and is heard in the handset', async () => {
      const ear = await panel.sound.ear(panel.seats[0].left);
      await until('Calder Wynn rings', async () => (await panel.lamp('calder-wynn')) === 'ringing_high', 90_000);
      await panel.reads('[data-zone="incoming"]', /Calder Wynn High · ARD 4402/);
      await panel.pressKey('calder-wynn');
      await panel.untilLamp('calder-wynn', 'in_use_here');
      await ear.hears(voice('calder-offer.wav'), HEARD);
    });

    test('the header counts the microphone that is open and times it', async () => {
      await panel.reads(OPEN_MICS, /^1 ?open Calder Wynn Left · \d+:\d\d · 1 hears you/);
      const before = await openSeconds(panel);
      await until('its time goes on', async () => (await openSeconds(panel)) > before);
    });

    test('Hold shuts the microphone and lights the key as held here', async () => {
      await pressButton(panel, 'left', 'Hold');
      await panel.untilLamp('calder-wynn', 'held_here');
      await panel.reads(OPEN_MICS, /Mics closed/);
      await panel.reads(LEFT, /On hook/);
    });

    test('Resume brings the held call back and opens the microphone', async () => {
      await pressButton(panel, 'left', 'Resume Calder Wynn');
      await panel.untilLamp('calder-wynn', 'in_use_here');
      await panel.reads(OPEN_MICS, /^1 ?open Calder Wynn Left/);
    });

    test('Release ends the call and shuts the microphone', async () => {
      await panel.press(RELEASE);
      await panel.untilLamp('calder-wynn', 'idle');
      await panel.reads(OPEN_MICS, /Mics closed/);
    });
  });

  test('a person presses a private wire, the counterparty answers and is heard in the handset', async () => {
    const ear = await panel.sound.ear(panel.seats[0].left);
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await panel.reads(LEFT, /Hallam Street/);
    const said = voice('hallam-bid.wav');
    const found = await ear.hears(said, HEARD);
    const other = likeness(voice('tagus-bid.wav'), ear.samples);
    assert.ok(other < HEARD && other < found, `other words score ${other} beside ${found}`);
    const elsewhere = await panel.sound.ear(panel.seats[0].right);
    await until('the other ear has listened for three seconds', () => elsewhere.seconds > 3);
    assert.ok(likeness(said, elsewhere.samples) < HEARD, 'the right handset is silent');
    await panel.press(RELEASE);
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
  let windows;
  const at = (user) => panel.driver.switchTo().window(windows[user]);
  before(async () => {
    panel = await openWindow({ mics: [['left', 'hands-free'], ['left']] });
    windows = await panel.windows();
  });
  after(() => panel?.close());

  test('one turret rings the other, which answers and hears what is said into the first one’s handset', async () => {
    await at('A. Reyes');
    await panel.pressKey('wolds-pension');
    panel.sound.say(panel.seats[0].mic, voiceFile('wolds-answer.wav'));
    await untilMeterMoves(panel);
    await at('R. Lindt');
    await panel.untilLamp('wolds-pension-ny', 'ringing_high');
    await panel.pressKey('wolds-pension-ny');
    await panel.untilLamp('wolds-pension-ny', 'in_use_here');
    const ear = await panel.sound.ear(panel.seats[1].left);
    await ear.hears(voice('wolds-answer.wav'), HEARD);
    // The recording is asked later: it shall hold the words more than once.
    const heard_s = ear.seconds;
    await until('they have gone on talking for ten seconds', () => ear.seconds > heard_s + 10);
    await panel.press(RELEASE);
    await panel.untilLamp('wolds-pension-ny', 'idle');
    await at('A. Reyes');
    await panel.untilLamp('wolds-pension', 'idle');
  });

  test('what was said into the handset is in a sealed segment of the recording', async () => {
    const [samples] = await until('the segment is sealed', () => {
      const found = sealed(panel, 'a.reyes', 'wolds-pension');
      return found.length > 0 && found;
    });
    const found = likeness(voice('wolds-answer.wav'), samples);
    // Not a period may be missing: no jitter buffer stands between the microphone and the recording.
    assert.ok(found >= WHOLE, `the words are in ${(samples.length / RATE_HZ).toFixed(1)} s with a likeness of ${found.toFixed(2)}`);
  });

  test('Signal rings the far end of a manual wire while it is pressed and leaves its mark there', async () => {
    await at('A. Reyes');
    await panel.pressKey('norrbank');
    await panel.untilLamp('norrbank', 'in_use_here');
    const signal = await panel.driver.findElement(By.xpath('//*[@data-position="left"]//button[normalize-space()="Signal"]'));
    await panel.driver.actions({ bridge: false }).move({ origin: signal }).press().perform();
    await until('Signal is pressed', async () => (await signal.getAttribute('aria-pressed')) === 'true');
    await at('R. Lindt');
    await panel.untilLamp('norrbank-ny', 'ringing_low');
    await at('A. Reyes');
    await panel.letGo();
    await until('Signal is let go', async () => (await signal.getAttribute('aria-pressed')) === 'false');
    await panel.press(RELEASE);
    await at('R. Lindt');
    await panel.untilLamp('norrbank-ny', 'idle');
    await panel.reads('.key[data-line="norrbank-ny"]', /SIGNALLED \d\d:\d\d/);
  });

  test('an intercom call reaches a colleague who is logged on, by itself, and is heard at the hands-free loudspeaker', async () => {
    const ear = await panel.sound.ear(panel.seats[1]['hands-free']);
    await at('A. Reyes');
    await panel.press('[data-person="r.lindt"]');
    await panel.reads(OPEN_MICS, /^1 ?open R\. Lindt Hands-free/);
    await at('R. Lindt');
    await panel.reads('.p:has([data-person="a.reyes"])', /A\. Reyes Talks to you TALK/);
    await panel.reads(OPEN_MICS, /Mics closed/);
    await ear.hears(voice('wolds-answer.wav'), HEARD);
    await at('A. Reyes');
    await panel.press('[data-person="r.lindt"]');
    await panel.reads(OPEN_MICS, /Mics closed/);
    await at('R. Lindt');
    await panel.reads('.p:has([data-person="a.reyes"])', /^A\. Reyes (?!Talking)/);
  });
});
