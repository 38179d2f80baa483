// The gesture of a talk key: a key that is not held is shut, and only a deliberate act leaves it open.
import { describe, expect, test } from 'vitest';
import type { TalkMode } from '../src/generated/TalkMode';
import type { TalkView } from '../src/generated/TalkView';
import { heldKey } from '../src/panel/held';
import { TalkGesture, type TalkWish } from '../src/panel/talk';

function key(state: TalkView = 'closed', mode: TalkMode = 'both') {
  const sent: TalkWish[] = [];
  let now = state;
  const gesture = new TalkGesture(() => now, (wish) => sent.push(wish), () => mode);
  return { gesture, sent, show: (next: TalkView) => (now = next) };
}
const OPEN = { on: true, latched: false };
const SHUT = { on: false, latched: false };
const LATCH = { on: true, latched: true };

describe('a talk key', () => {
  test('is open while it is held and shut when it is let go', () => {
    const { gesture, sent } = key();
    gesture.down(0);
    gesture.up(900);
    expect(sent).toEqual([OPEN, SHUT]);
  });
  test('latches on no tap and no second press where it is momentary', () => {
    const { gesture, sent } = key('closed', 'momentary');
    for (const at of [0, 200]) {
      gesture.down(at);
      gesture.up(at + 100);
    }
    expect(sent).toEqual([OPEN, SHUT, OPEN, SHUT]);
  });
  test('latches by L wherever it is momentary', () => {
    const { gesture, sent } = key('closed', 'momentary');
    gesture.latch();
    expect(sent).toEqual([LATCH]);
  });
  test('opens at one press and shuts at the next where it latches', () => {
    const { gesture, sent, show } = key('closed', 'latched');
    gesture.down(0);
    gesture.up(900);
    show('latched');
    gesture.down(2_000);
    gesture.up(2_100);
    expect(sent).toEqual([LATCH, SHUT]);
  });
  test('latches on a tap', () => {
    const { gesture, sent } = key();
    gesture.down(0);
    gesture.up(120);
    expect(sent).toEqual([OPEN, LATCH]);
  });
  test('shuts a latch at the next press and stays shut when that is let go', () => {
    const { gesture, sent } = key('latched');
    gesture.down(0);
    gesture.up(50);
    expect(sent).toEqual([SHUT]);
  });
  test('keeps a silent latch open when it is pressed before it closes', () => {
    const { gesture, sent } = key('closing');
    gesture.down(0);
    gesture.up(50);
    expect(sent).toEqual([LATCH]);
  });
  test('never latches what was refused', () => {
    const { gesture, sent, show } = key();
    gesture.down(0);
    show('refused');
    gesture.up(100);
    expect(sent).toEqual([OPEN, SHUT]);
  });
  test('shuts and does not latch when the pointer is taken away', () => {
    const { gesture, sent } = key();
    gesture.down(0);
    gesture.cancel();
    gesture.up(100);
    expect(sent).toEqual([OPEN, SHUT]);
  });
  test('shuts when the window loses the focus while it is held', () => {
    const { gesture, sent } = key();
    const node = document.createElement('button');
    document.body.append(node);
    const unbind = heldKey(gesture)(node);
    node.dispatchEvent(new KeyboardEvent('keydown', { key: ' ' }));
    window.dispatchEvent(new Event('blur'));
    unbind();
    expect(sent).toEqual([OPEN, SHUT]);
  });
  test('stays open through the repeats of a held keyboard key', () => {
    const { gesture, sent } = key();
    const node = document.createElement('button');
    const unbind = heldKey(gesture)(node);
    node.dispatchEvent(new KeyboardEvent('keydown', { key: ' ' }));
    node.dispatchEvent(new KeyboardEvent('keyup', { key: ' ' }));
    node.dispatchEvent(new KeyboardEvent('keydown', { key: ' ' }));
    expect(sent).toEqual([OPEN]);
    unbind();
  });
});
