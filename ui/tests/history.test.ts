// The history of calls: what it shows, and what a press on it asks for.
import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HistoryRow } from '../src/generated/HistoryRow';
import type { Intent } from '../src/generated/Intent';
import type { PanelStore } from '../src/panel/store.svelte';
import { fixture, NOW } from './fixture';
import { opened } from './opened';

let sent: Intent[];
let store: PanelStore;

beforeEach(() => {
  ({ store, sent } = opened());
});
afterEach(cleanup);

const row = (n: number, more: Partial<HistoryRow> = {}): HistoryRow => ({ n, line: 'calder-wynn', name: 'Calder Wynn', mark: 'missed', words: 'Missed · R. Lindt', start_utc_ms: NOW - 60_000, lasted_ms: 8_000, message: null, ...more });
const look = async () => {
  await fireEvent.click(screen.getByRole('tab', { name: 'History 2' }));
  store.apply({ change: 'history', value: { rows: [row(7), row(5, { mark: 'placed', words: 'Called · R. Lindt', name: 'Fenmoor' })], more: true } });
  await tick();
};

test('the tab counts what was missed, and asks for the history when it is opened', async () => {
  await look();
  expect(sent).toEqual([{ intent: 'history', older: false }]);
  store.apply({ change: 'header', value: { ...fixture.header, missed: 0 } });
  await tick();
  expect(screen.getByRole('tab', { name: 'History' })).toBeTruthy();
  expect(sent).toHaveLength(1);
});
test('a press on a row calls back by its number', async () => {
  await look();
  await fireEvent.click(screen.getByRole('button', { name: 'Call back Fenmoor, Called · R. Lindt, 13:41, lasted 0:08' }));
  expect(sent.at(-1)).toEqual({ intent: 'call_back', entry: 5, position: null });
});
test('an entry is hidden by Delete, all by a button, and older ones are asked for', async () => {
  await look();
  await fireEvent.keyDown(screen.getByRole('button', { name: /^Call back Calder Wynn/ }), { key: 'Delete' });
  await fireEvent.click(screen.getByRole('button', { name: 'Hide all' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Older' }));
  expect(sent.slice(1)).toEqual([{ intent: 'hide_history', entry: 7 }, { intent: 'hide_history', entry: null }, { intent: 'history', older: true }]);
});
test('what comes while it is on show stands first, and nothing of it is left for the next user', async () => {
  await look();
  store.apply({ change: 'history_entry', value: row(9, { name: 'Norrbank' }) });
  await tick();
  expect([...document.querySelectorAll('[data-zone="incoming"] .h b')].map((name) => name.textContent)).toEqual(['Norrbank', 'Calder Wynn', 'Fenmoor']);
  store.apply({ change: 'header', value: { ...fixture.header, user_id: 't.marsh', missed: 0 } });
  await tick();
  expect(document.querySelectorAll('[data-zone="incoming"] .h')).toHaveLength(0);
});
test('messages that wait are told in the header, which leads to them', async () => {
  store.apply({ change: 'header', value: { ...fixture.header, missed: 0, messages: 2 } });
  await tick();
  await fireEvent.click(screen.getByRole('button', { name: '2 messages' }));
  expect(screen.getByRole('tab', { name: 'History 2' }).getAttribute('aria-selected')).toBe('true');
});
test('a message is played, sent to the speakers, stopped and deleted', async () => {
  await look();
  const left = row(9, { mark: 'voicemail', name: 'R. Lindt 4012', words: 'Message', message: { length_ms: 22_400, heard: false } });
  store.apply({ change: 'history_entry', value: left });
  await tick();
  await fireEvent.click(screen.getByRole('button', { name: 'Play the message, R. Lindt 4012, 0:23, not heard yet' }));
  expect(sent.at(-1)).toEqual({ intent: 'play_message', entry: 9, position: null, from_ms: 0 });
  store.apply({ change: 'header', value: { ...fixture.header, playing: { entry: 9, position: 'left', at_s: 4, length_s: 23 } } });
  await tick();
  expect(screen.getByText('Left handset · 0:04 of 0:23')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'On speakers' }));
  expect(sent.at(-1)).toEqual({ intent: 'play_message', entry: 9, position: 'speakers', from_ms: 4_000 });
  await fireEvent.click(screen.getByRole('button', { name: /^Stop the message/ }));
  await fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
  expect(sent.slice(-2)).toEqual([{ intent: 'stop_message' }, { intent: 'hide_history', entry: 9 }]);
});
