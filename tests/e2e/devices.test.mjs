// What the panel says where a position has no device, and what happens when one is pulled out in a call: nothing is hidden,
// everything else works, and no microphone takes another one's place.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run, until } from './patience.mjs';
import { sealed } from './recorded.mjs';
import { HEARD, likeness, readWav } from './speech.mjs';
import { openWindow, voiceFile } from './window.mjs';

const lack = (position) => `[data-lack="${position}"]`;

describe('no device at all', () => {
  let panel;
  // A card that is named and not there: with no name a position would take whatever the system calls its default.
  before(async () => { panel = await openWindow({ mics: [[]], ears: 'none' }); });
  after(() => panel?.close());

  test('without any device the window opens logged on, and each of the four positions says that it has none', async () => {
    await panel.reads('header .who', /A\. Reyes/);
    for (const position of ['left', 'right', 'hands-free', 'speakers']) {
      await panel.reads(lack(position), /No device/);
      const sentence = await (await panel.find(lack(position))).getAttribute('title');
      assert.match(sentence, /^There is no (microphone|loudspeaker) called none.*another device\.$/);
    }
  });

  test('a handset without a device takes a call all the same and goes on saying what it lacks', async () => {
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await panel.reads(lack('left'), /No device/);
    await panel.press('[data-position="left"] .btn.w');
    await panel.untilLamp('hallam-street', 'idle', 'ringing_low');
  });
});

describe('a microphone that is pulled out in a call', () => {
  let panel;
  const left = '[data-position="left"]';
  const micIs = (state) => panel.reads(`${left} .hd .r`, new RegExp(`^${state}$`));
  before(async () => {
    panel = await openWindow({ mics: [['left']] });
    await panel.untilLamp('hallam-street', 'idle');
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await micIs('open');
  });
  after(() => panel?.close());

  test('the panel says which one has gone, shuts it, and the call goes on', async () => {
    await panel.sound.unplug(panel.seats[0].mic);
    await panel.reads(lack('left'), /No microphone/);
    assert.match(await (await panel.find(lack('left'))).getAttribute('title'), /^The device mic1 has gone/);
    await panel.reads('[aria-label="Open microphones"]', /Mics closed/);
    assert.equal(await panel.lamp('hallam-street'), 'in_use_here');
  });

  test('it is found again when it is back, and stays shut until it is pressed', async () => {
    await panel.sound.plug(panel.seats[0].mic);
    await until('nothing is lacking', async () => (await panel.words(lack('left'))) === null);
    await micIs('closed');
    await panel.reads(`${left} .lapse`, /Press here to talk/);
    await panel.press(`${left} .lapse`);
    await micIs('open');
  });

  test('the recording tells whose microphone was lost, and that it is back', async () => {
    const chain = join(panel.opened.folder, 'data/sample-floor/recordings/chain.jsonl');
    const mine = () => readFileSync(chain, 'utf8').split('\n').filter((line) => line.includes('a.reyes'));
    const said = () => mine().map((line) => /Left handset's microphone (lost|is back)/.exec(line)?.[1]).filter(Boolean);
    await until('both are written', () => said().length > 1);
    assert.deepEqual(said(), ['lost', 'is back']);
  });
});

describe('an earpiece that is pulled out in a call', () => {
  let panel;
  const left = '[data-position="left"]';
  const words = readWav(voiceFile('hallam-bid.wav'));
  before(async () => {
    panel = await openWindow({ mics: [['left']] });
    await panel.untilLamp('hallam-street', 'idle');
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await panel.reads(`${left} .hd .r`, /^open$/);
  });
  after(() => panel?.close());

  test('the call goes on and is heard in the other handset, and the microphone is shut', async () => {
    const other = await panel.sound.ear(panel.seats[0].right);
    await panel.sound.unplug(panel.seats[0].left);
    await panel.reads(lack('left'), /Other earpiece/);
    const sentence = await (await panel.find(lack('left'))).getAttribute('title');
    assert.match(sentence, /^The device left1 has gone; its calls are heard on right1/);
    await panel.reads('[aria-label="Open microphones"]', /Mics closed/);
    await panel.reads(`${left} .lapse`, /Press here to talk/);
    await other.hears(words, HEARD);
    assert.equal(await panel.lamp('hallam-street'), 'in_use_here');
  });

  test('it takes the call back when it is there again', async () => {
    await panel.sound.plug(panel.seats[0].left);
    await until('nothing is lacking', async () => (await panel.words(lack('left'))) === null);
    const ear = await panel.sound.ear(panel.seats[0].left);
    await ear.hears(words, HEARD);
  });
});

describe('the system\'s microphone', () => {
  let panel;
  before(async () => { panel = await openWindow({ mics: ['system'] }); });
  after(() => panel?.close());

  const opened = () => run('pactl', ['list', 'source-outputs']);

  test('is called by its own name', async () => {
    const handsFree = await panel.find('[data-position="hands-free"] button');
    await until('the name is told', async () => /mic1/.test(await handsFree.getAttribute('title')));
    assert.match(await opened(), /dealerboard/);
  });

  test('is missed when it is pulled out, and what the loudspeakers play is not taken in its place', async () => {
    const ear = await panel.sound.ear(panel.seats[0].left);
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await panel.sound.unplug(panel.seats[0].mic);
    const pulled_s = ear.seconds;
    await panel.reads(lack('left'), /No microphone/);
    await until('the turret has looked again for ten seconds', () => ear.seconds > pulled_s + 10);
    await panel.reads(lack('left'), /No microphone/);
    assert.doesNotMatch(await opened(), /dealerboard/);
  });
});

describe('another microphone', () => {
  let panel;
  let windows;
  const at = (user) => panel.driver.switchTo().window(windows[user]);
  const words = readWav(voiceFile('wolds-answer.wav'));
  before(async () => {
    panel = await openWindow({ mics: [['left'], ['left']] });
    windows = await panel.windows();
    await at('A. Reyes');
    await panel.pressKey('wolds-pension');
    await at('R. Lindt');
    await panel.untilLamp('wolds-pension-ny', 'ringing_high');
    await panel.pressKey('wolds-pension-ny');
    await panel.untilLamp('wolds-pension-ny', 'in_use_here');
  });
  after(() => panel?.close());

  test('what it hears is not heard in the place of the one that was pulled out', async () => {
    const far = await panel.sound.ear(panel.seats[0].left);
    const own = await panel.sound.ear(panel.seats[1].left);
    panel.sound.say(panel.seats[1].mic, voiceFile('wolds-answer.wav'));
    await far.hears(words, HEARD);
    await panel.sound.unplug(panel.seats[0].mic);
    const pulled_s = own.seconds;
    await at('A. Reyes');
    await panel.reads(lack('left'), /No microphone/);
    await until('both have listened for ten seconds', () => own.seconds > pulled_s + 10);
    const heard = likeness(words, own.samples);
    assert.ok(heard < HEARD, `the far end hears its own words with a likeness of ${heard.toFixed(2)}`);
    await panel.untilLamp('wolds-pension', 'in_use_here');
  });

  test('nor is it in the recording of who lost theirs', async () => {
    await panel.press('[data-position="left"] .btn.w');
    await panel.untilLamp('wolds-pension', 'idle');
    await at('R. Lindt');
    await panel.untilLamp('wolds-pension-ny', 'idle');
    const tracks = (talker, line) => until(`the track of ${talker} is sealed`, () => {
      const found = sealed(panel, talker, line);
      return found.length > 0 && found;
    });
    const most = (found) => Math.max(...found.map((samples) => likeness(words, samples)));
    const [lost, other] = [most(await tracks('a.reyes', 'wolds-pension')), most(await tracks('r.lindt', 'wolds-pension-ny'))];
    assert.ok(lost < HEARD && other >= HEARD, `the one who lost it scores ${lost.toFixed(2)}, the other ${other.toFixed(2)}`);
  });
});

describe('a microphone that is chosen in the window', () => {
  let panel;
  const left = '[data-position="left"]';
  const list = '[aria-label="Left handset: microphone"]';
  const words = readWav(voiceFile('wolds-answer.wav'));
  const chosen = () => panel.driver.executeScript('return document.querySelector(arguments[0])?.value ?? null', list);
  const names = () => panel.driver.executeScript('return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)', `${list} option`);
  const named = (wanted) => until(`one reads ${wanted}`, async () => (await names()).some((name) => wanted.test(name)));
  const open = () => panel.press('header [aria-label="Devices"]');
  const meterMoves = () => until('the meter beside it moves', async () => {
    const level = 'return Number(getComputedStyle(document.querySelector(".dialog .mic .meter")).getPropertyValue("--lv"))';
    return (await panel.driver.executeScript(level)) > 20;
  });
  before(async () => {
    panel = await openWindow({ mics: ['system'], named: false });
    await panel.sound.microphone('mic2');
    await panel.untilLamp('hallam-street', 'idle');
    await panel.pressKey('hallam-street');
    await panel.untilLamp('hallam-street', 'in_use_here');
    await panel.reads(`${left} .hd .r`, /^open$/);
  });
  after(() => panel?.close());

  test('is listed by its name after the system\'s, and nothing that a loudspeaker plays is', async () => {
    await open();
    await named(/^Remapped mic2/);
    const [first, ...others] = await names();
    assert.match(first, /^System’s default \(Remapped mic1.*\)$/);
    assert.ok(others.every((name) => !/Monitor of/.test(name)), others.join(', '));
    assert.equal(await chosen(), '');
  });

  test('leaves the ear where it is, until another one is chosen that takes the call', async () => {
    const ear = await panel.sound.ear(panel.seats[0].right);
    await panel.press(`[aria-label="Left handset: earpiece"] option[value="server:${panel.seats[0].right}"]`);
    await ear.hears(readWav(voiceFile('hallam-bid.wav')), HEARD);
  });

  test('takes the place of the other in a call, whose microphone stays open, and what it hears arrives', async () => {
    panel.sound.say('mic2', voiceFile('wolds-answer.wav'));
    await panel.press(`${list} option[value="server:mic2"]`);
    await meterMoves();
    await panel.reads(`${left} .hd .r`, /^open$/);
    const said = await panel.sound.ear('mic2-feed');
    await said.hears(words, HEARD);
    await panel.press(`${left} .btn.w`);
    await panel.untilLamp('hallam-street', 'idle', 'ringing_low');
    const tracks = await until('its track is sealed', () => {
      const found = sealed(panel, 'a.reyes', 'hallam-street');
      return found.length > 0 && found;
    });
    const heard = Math.max(...tracks.map((samples) => likeness(words, samples)));
    assert.ok(heard >= HEARD, `the words score ${heard.toFixed(2)}`);
  });

  test('is that of the next start, too', async () => {
    await panel.restart(['--sample-floor']);
    await panel.untilLamp('hallam-street', 'idle', 'ringing_low');
    await open();
    await until('it is chosen', async () => (await chosen()) === 'server:mic2');
    await meterMoves();
  });

  test('is shown as not plugged in when it is pulled out, and another can be chosen', async () => {
    await panel.sound.unplug('mic2');
    await named(/^Not plugged in: .*mic2/);
    await panel.press(`${list} option[value=""]`);
    await until('nothing is lacking', async () => (await panel.words(lack('left'))) === null);
    await until('it is listed no more', async () => (await names()).every((name) => !/mic2-feed/.test(name)));
  });
});
