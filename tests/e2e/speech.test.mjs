// The judge of what was heard, judged: it must know a copy, and must not be fooled by silence, noise or other words.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { HEARD, likeness, readWav } from './speech.mjs';

const folder = new URL('../../assets/voices/', import.meta.url);
const voices = readdirSync(folder).filter((name) => name.endsWith('.wav'));
const voice = (name) => readWav(new URL(name, folder));

/** Repeatable noise from -0.5 to 0.5. */
function noise(length) {
  let state = 1;
  return Float32Array.from({ length }, () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32 - 0.5));
}

test('the same words later, quieter and in a little noise are heard', () => {
  for (const name of voices) {
    const said = voice(name);
    const hiss = noise(said.length + 30_000);
    const heard = hiss.map((sample, at) => 0.002 * sample + 0.2 * (said[at - 17_123] ?? 0));
    assert.ok(likeness(said, heard) > 0.85, `${name}: ${likeness(said, heard)}`);
  }
});

test('silence is not heard as words', () => {
  assert.equal(likeness(voice(voices[0]), new Float32Array(300_000)), 0);
});

test('noise is not heard as words', () => {
  for (const name of voices) assert.ok(likeness(voice(name), noise(300_000)) < HEARD / 2, name);
});

test('other words are not heard as these', () => {
  voices.forEach((said, at) => {
    const other = voices[(at + 1) % voices.length];
    const found = likeness(voice(said), voice(other));
    assert.ok(found < HEARD - 0.1, `${said} in ${other}: ${found}`);
  });
});
