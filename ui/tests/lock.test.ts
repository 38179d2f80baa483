// A locked turret: the card over it, and what works there.
import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import { Clock } from '../src/panel/clock.svelte';
import Panel from '../src/panel/Panel.svelte';
import { PanelStore } from '../src/panel/store.svelte';
import { fixture, locked, NOW } from './fixture';

let sent: Intent[];
let store: PanelStore;
let now_ms: number;

beforeEach(() => {
  sent = [];
  now_ms = 10_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now_ms);
  store = new PanelStore({ listen: async () => {}, send: (intent) => sent.push(intent), openReview: () => {}, takeTheme: () => {} });
  store.apply({ change: 'view', value: structuredClone(fixture) });
  Object.assign(window, { innerWidth: 1280, innerHeight: 800 });
  render(Panel, { store, clock: new Clock(() => NOW) });
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
