// A hoot at a handset: taken there from its card, talked on there with its talk key, and put back to the speakers.
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import type { KeyView } from '../src/generated/KeyView';
import type { PanelStore } from '../src/panel/store.svelte';
import { opened } from './opened';

let sent: Intent[];
let store: PanelStore;

const LINE = 'calder-repo';

const hoot = async (more: Partial<KeyView> = {}) => {
  store.apply({ change: 'key', value: { ...store.keys[LINE]!, kind: 'hoot', name: 'Macro', right: 'speak', talk: 'closed', ...more } });
  await tick();
};
const at_left = async () => {
  await hoot({ lamp: 'in_use_here', words: 'Left', position: 'left', call: 9 });
  const talk = { talk: 'closed', talk_mode: 'momentary', talk_since_utc_ms: null } as const;
  const nothing = { can_hold: false, can_private: false, can_transfer: false, can_signal: false };
  store.apply({ change: 'position', value: { ...store.position('left')!, ...nothing, ...talk, line: LINE, name: 'Macro', words: '4 on · quiet' } });
  await tick();
};
const point = (key: Element, what: 'down' | 'up') => fireEvent(key, new MouseEvent(`pointer${what}`, { button: 0, bubbles: true }));
const handset = () => within(document.querySelector<HTMLElement>('[data-position="left"]')!);

beforeEach(() => {
  ({ store, sent } = opened());
});
afterEach(cleanup);

test('is taken to a handset from its card, though nobody is on it', async () => {
  await hoot();
  store.openListeners(LINE);
  await tick();
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Take to a handset'));
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Right'));
  expect(sent.at(-1)).toEqual({ intent: 'move', line: LINE, call: null, position: 'right' });
});

test('is talked on with the talk key of its handset, and offers nothing there that a call has', async () => {
  await at_left();
  const talk = handset().getByRole('button', { name: /^Talk on Macro/ });
  await point(talk, 'down');
  await point(talk, 'up');
  expect(sent).toEqual([{ intent: 'talk', line: LINE, on: true, latched: false }, { intent: 'talk', line: LINE, on: false, latched: false }]);
  expect(['Hold', 'Private', 'Transfer', 'Signal'].filter((word) => handset().queryByText(word))).toEqual([]);
});

test('opens with its key while it is only listened to here, and shuts with it while it is talked on', async () => {
  await at_left();
  const key = document.querySelector<HTMLElement>(`.key[data-line="${LINE}"]`)!;
  await point(key, 'down');
  expect(sent).toEqual([{ intent: 'talk', line: LINE, on: true, latched: false }]);
  await point(key, 'up');
  await hoot({ talk: 'latched', lamp: 'in_use_here' });
  sent.length = 0;
  await point(key, 'down');
  expect(sent).toEqual([{ intent: 'talk', line: LINE, on: false, latched: false }]);
});

test('goes back to the speakers, and stays there while words come and go', async () => {
  await at_left();
  await fireEvent.click(handset().getByText('Move'));
  await hoot({ call: 10, lamp: 'in_use_here', position: 'left' });
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Speakers'));
  expect(sent).toEqual([{ intent: 'move', line: LINE, call: null, position: 'speakers' }]);
});

test('is no call that somebody who logs off is asked about', async () => {
  const held = store.heldHere.length;
  await at_left();
  expect(store.callsHere.length).toBe(held);
});
