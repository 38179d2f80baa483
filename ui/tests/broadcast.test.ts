// One talk key for several channels: groups of the floor file, and channels that are picked on the spot.
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChannelGroupView } from '../src/generated/ChannelGroupView';
import type { Intent } from '../src/generated/Intent';
import type { PanelStore } from '../src/panel/store.svelte';
import { NOW } from './fixture';
import { opened } from './opened';

let sent: Intent[];
let store: PanelStore;

beforeEach(() => {
  ({ store, sent } = opened());
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const group = (name: string) => within(document.querySelector<HTMLElement>(`[data-channel-group="${name}"]`)!);
const channel = (number: number) => within(document.querySelector<HTMLElement>(`[data-channel="${number}"]`)!);
const press = async (key: HTMLElement, held_ms: number) => {
  const at = { button: 0, pointerId: 1 };
  await fireEvent(key, new MouseEvent('pointerdown', { ...at, bubbles: true }));
  const up = new MouseEvent('pointerup', { ...at, bubbles: true });
  Object.defineProperty(up, 'timeStamp', { value: performance.now() + held_ms });
  await fireEvent(key, up);
};
const set = async (at: number, more: Partial<ChannelGroupView>) => {
  const groups = store.channelGroups.map((one, place) => (place === at ? { ...one, ...more } : one));
  store.apply({ change: 'channel_groups', value: groups });
  await tick();
};
const live: Partial<ChannelGroupView> = { talk: 'open', talk_since_utc_ms: NOW - 3_000, hear: ['ch-5', 'ch-6'], words: '2 of 3 hear you' };

test('talks to a group while its key is held', async () => {
  await press(group('Clients').getByLabelText(/^Talk to Clients/), 900);
  const talk = { intent: 'group_broadcast', group: 'Clients', latched: false };
  expect(sent).toEqual([{ ...talk, on: true }, { ...talk, on: false }]);
});

test('latches a group by L, and lets go when the window loses the focus', async () => {
  const key = group('Clients').getByLabelText(/^Talk to Clients/);
  await fireEvent.keyDown(key, { key: 'l' });
  expect(sent).toEqual([{ intent: 'group_broadcast', group: 'Clients', on: true, latched: true }]);
  await fireEvent.keyDown(key, { key: ' ' });
  await fireEvent.blur(window);
  expect(sent.at(-1)).toEqual({ intent: 'group_broadcast', group: 'Clients', on: false, latched: false });
});

test('mutes all channels of a group with one key', async () => {
  await fireEvent.click(group('Clients').getByText('Mute'));
  expect(sent).toEqual([{ intent: 'group_mute', group: 'Clients', on: true }]);
  expect(group('Hoots').getByText('Muted').getAttribute('aria-pressed')).toBe('true');
});

test('shows who hears a group, and what is left out at its channel and to a screen reader', async () => {
  const sentence = 'J. Whitlock keeps Zephyr linkers private; call them by intercom.';
  await set(0, { ...live, left_out: [{ line: 'ch-7', name: 'Zephyr linkers', sentence }] });
  expect(group('Clients').getByText('2 of 3 hear you')).toBeTruthy();
  expect(group('Clients').getByText('OPEN 0:03').getAttribute('aria-pressed')).toBe('true');
  expect(document.querySelector('[data-channel-group="Clients"]')!.getAttribute('aria-label')).toContain(sentence);
  expect(channel(7).getByText('Left out')).toBeTruthy();
  expect(document.querySelector('[data-channel="7"]')!.getAttribute('aria-label')).toContain(sentence);
});

test('shows at a channel that it hears me by a group, and its own key still answers it alone', async () => {
  store.apply({ change: 'channel', value: { ...store.channels[4]!, grouped: true } });
  await tick();
  const box = document.querySelector('[data-channel="5"]')!;
  expect(box.classList.contains('mine')).toBe(true);
  expect(box.getAttribute('aria-label')).toContain('group’s talk key');
  await press(channel(5).getByLabelText(/^Talk on/), 900);
  expect(sent[0]).toEqual({ intent: 'talk', line: 'ch-5', on: true, latched: false });
});

test('picks channels on the spot and talks to them with one key', async () => {
  await fireEvent.click(screen.getByText('Pick lines'));
  for (const at of [5, 2]) await fireEvent.click(channel(at).getByLabelText(/^Pick/));
  expect(group('Picked lines').getByText('2 lines')).toBeTruthy();
  expect(channel(5).getByLabelText(/^Pick/).getAttribute('aria-pressed')).toBe('true');
  await press(group('Picked lines').getByLabelText(/^Talk to/), 900);
  const talk = { intent: 'broadcast', lines: ['ch-5', 'ch-2'], latched: false };
  expect(sent).toEqual([{ ...talk, on: true }, { ...talk, on: false }]);
  await fireEvent.click(group('Picked lines').getByText('Done'));
  expect(document.querySelector('[data-channel-group="Picked lines"]')).toBeNull();
});

test('adds and drops a line of a group while it is talked to', async () => {
  await set(0, live);
  await fireEvent.click(screen.getByText('Pick lines'));
  expect(channel(5).getByLabelText(/^Pick/).getAttribute('aria-pressed')).toBe('true');
  for (const at of [5, 2]) await fireEvent.click(channel(at).getByLabelText(/^Pick/));
  expect(sent).toEqual([{ intent: 'broadcast_line', line: 'ch-5', on: false }, { intent: 'broadcast_line', line: 'ch-2', on: true }]);
});

test('says that ten lines are as many as one key has', async () => {
  await fireEvent.click(screen.getByText('Pick lines'));
  for (let at = 1; at <= 11; at += 1) await fireEvent.click(channel(at).getByLabelText(/^Pick/));
  expect(store.message?.what).toContain('10 lines at most');
  expect(group('Picked lines').getByText('10 lines')).toBeTruthy();
});

test('picks a line that has no channel at its key, by a right click and by I', async () => {
  const key = document.querySelector<HTMLElement>('.key[data-line="fenmoor"]')!;
  await fireEvent.contextMenu(key);
  expect(store.picks.lines).toEqual([]);
  await fireEvent.click(screen.getByText('Pick lines'));
  await fireEvent.contextMenu(key);
  expect(store.picks.lines).toEqual(['fenmoor']);
  expect(key.getAttribute('aria-label')).toContain('picked');
  await fireEvent.keyDown(key, { key: 'i' });
  expect(store.picks.lines).toEqual([]);
});
