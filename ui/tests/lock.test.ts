// A locked turret: the card over it, and what works there.
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import type { PanelStore } from '../src/panel/store.svelte';
import { locked, NOW } from './fixture';
import { opened } from './opened';

let sent: Intent[];
let store: PanelStore;
let now_ms: number;

beforeEach(() => {
  now_ms = 10_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now_ms);
  ({ store, sent } = opened());
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const lock = async () => {
  store.apply({ change: 'view', value: structuredClone(locked) });
  await tick();
  return within(screen.getByRole('dialog', { name: 'Locked, log on again' }));
};

test('locks by its key and by its button', async () => {
  await fireEvent.keyDown(window, { key: 'F9' });
  await fireEvent.click(screen.getByLabelText('Lock this turret'));
  expect(sent).toEqual([{ intent: 'lock' }, { intent: 'lock' }]);
});

test('a locked panel shows a card that takes the password, and says what is wrong with it', async () => {
  const card = await lock();
  const field = card.getByLabelText('Password');
  expect(document.activeElement).toBe(field);
  await fireEvent.input(field, { target: { value: 'tulip' } });
  await fireEvent.submit(card.getByText('Unlock').closest('form')!);
  expect(sent).toEqual([{ intent: 'unlock', password: 'tulip' }]);
  expect((field as HTMLInputElement).value).toBe('');
  store.apply({ change: 'notice', value: { n: 9, line: null, sentence: 'The name or the password is not right; type both again.', at_utc_ms: NOW, refused: true } });
  await tick();
  expect(card.getByRole('alert').textContent).toContain('The name or the password is not right.');
});

test('holds, mutes and releases a call from the card, by key and at the handset', async () => {
  const call = within((await lock()).getByRole('group', { name: 'Left, A call' }));
  await fireEvent.click(call.getByText('Hold'));
  await fireEvent.click(call.getByText('Mute'));
  await fireEvent.click(call.getByText('Release'));
  await fireEvent.keyDown(window, { key: 'F4' });
  const handset = within(screen.getByLabelText('Left handset'));
  await fireEvent.click(handset.getByText('Release'));
  const release: Intent = { intent: 'release', position: 'left' };
  expect(sent).toEqual([{ intent: 'hold', position: 'left', exclusive: false }, { intent: 'mute', position: 'left', on: true }, release, release, release]);
  for (const word of ['Transfer', 'Private', 'Move', 'Signal']) expect(handset.queryByText(word)).toBeNull();
});

test('names no line to a screen reader, but its lamp, and says which microphone is open', async () => {
  await lock();
  expect(document.querySelector('.key[data-line="calder-wynn"]')!.getAttribute('aria-label')).toMatch(/In use here/);
  const panel = document.body.textContent!;
  expect(panel).not.toContain('Hallam Street');
  expect(screen.getByRole('status', { name: 'Open microphones' }).textContent).toContain('Calder Wynn');
});

test('calls an emergency number from the card', async () => {
  await fireEvent.click((await lock()).getByText('Call 112 Emergency desk'));
  expect(sent).toEqual([{ intent: 'call', to: '112', line: null, position: null }]);
});

test('a lock closes what was being looked at', async () => {
  store.openTransfer('left');
  store.lookAtHistory();
  await lock();
  expect([store.dialog, store.history]).toEqual([null, null]);
  store.openTransfer('left');
  await tick();
  expect(screen.queryByRole('dialog', { name: /Send/ })).toBeNull();
});

test('tells that somebody is here, and not with each move', async () => {
  for (const ms of [0, 19_000, 21_000, 22_000, 60_000]) {
    now_ms = 10_000 + ms;
    await fireEvent.pointerMove(window);
  }
  expect(sent).toEqual([{ intent: 'still_here' }, { intent: 'still_here' }]);
});
