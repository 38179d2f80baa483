// What the panel says where a position has no device: nothing is hidden, and everything else works.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openWindow } from './window.mjs';

const lack = (position) => `[data-lack="${position}"]`;
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
