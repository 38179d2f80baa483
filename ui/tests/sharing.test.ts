// What the panel offers of sharing: privacy, holds for one person, a supervisor's entry, a line that is cleared.
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import type { KeyView } from '../src/generated/KeyView';
import type { PanelStore } from '../src/panel/store.svelte';
import { fixture } from './fixture';
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

const handset = (which: string) => within(document.querySelector<HTMLElement>(`[data-position="${which}"]`)!);
const key = (line: string) => document.querySelector<HTMLElement>(`.key[data-line="${line}"]`)!;
const set = async (line: string, more: Partial<KeyView>) => {
  store.apply({ change: 'key', value: { ...store.keys[line]!, ...more } });
  await tick();
};

test('keeps a call private, and shows that it is', async () => {
  await fireEvent.click(handset('left').getByText('Private'));
  expect(sent).toEqual([{ intent: 'private', position: 'left', on: true }]);
  store.apply({ change: 'position', value: { ...store.position('left')!, private: true } });
  await tick();
  expect(handset('left').getByText('Private').getAttribute('aria-pressed')).toBe('true');
});

test('keeps the next call of an idle handset private, and says so', async () => {
  now_ms += 1_000;
  await fireEvent.click(handset('right').getByText('Private'));
  expect(sent).toEqual([{ intent: 'private', position: 'right', on: true }]);
  store.apply({ change: 'position', value: { ...store.position('right')!, private: true } });
  await tick();
  expect(handset('right').getByText('Nobody else gets into the next call here')).toBeTruthy();
});

test('holds for oneself alone with Shift, by the button and by F2', async () => {
  await fireEvent.click(handset('left').getByText('Hold'), { shiftKey: true });
  await fireEvent.keyDown(document.body, { key: 'F2', shiftKey: true });
  const hold = { intent: 'hold', position: 'left', exclusive: true };
  expect(sent).toEqual([hold, hold]);
});

test('draws a lock on a line that nobody else gets into, and says so', async () => {
  const open = key('orsay-crédit').querySelector('svg')!.innerHTML;
  await set('orsay-crédit', { locked: true, words: 'R. Lindt · private' });
  expect(key('orsay-crédit').querySelector('svg')!.innerHTML).not.toBe(open);
  expect(key('orsay-crédit').getAttribute('aria-label')).toContain('nobody else gets in');
});

test('offers nothing but who is on a line to whom it is not given to do more', async () => {
  await fireEvent.contextMenu(key('orsay-crédit'));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(screen.getByText('R. Lindt.')).toBeTruthy();
});

test('enters a call as its supervisor with a reason, and not without', async () => {
  await set('orsay-crédit', { can_override: true });
  await fireEvent.contextMenu(key('orsay-crédit'));
  const card = within(screen.getByRole('dialog'));
  await fireEvent.click(card.getByText('Enter the call'));
  expect(sent).toEqual([]);
  await fireEvent.input(card.getByRole('textbox'), { target: { value: ' a limit ' } });
  await fireEvent.click(card.getByText('Enter the call'));
  expect(sent).toEqual([{ intent: 'override', line: 'orsay-crédit', call: 7, reason: 'a limit', position: null }]);
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('enters no other call than the one that was shown', async () => {
  await set('orsay-crédit', { can_override: true });
  await fireEvent.contextMenu(key('orsay-crédit'));
  await set('orsay-crédit', { call: 8 });
  const card = within(screen.getByRole('dialog'));
  expect(card.getByText('That call is over.')).toBeTruthy();
  expect(card.queryByText('Enter the call')).toBeNull();
});

test('clears a line for an administrator, by the keyboard too', async () => {
  await set('orsay-crédit', { can_clear: true });
  key('orsay-crédit').focus();
  await fireEvent.keyDown(key('orsay-crédit'), { key: 'i' });
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Clear line'));
  expect(sent).toEqual([{ intent: 'clear', line: 'orsay-crédit' }]);
});

test('takes a line out of service for an administrator, and puts it back', async () => {
  await set('orsay-crédit', { can_service: true });
  await fireEvent.contextMenu(key('orsay-crédit'));
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Take out of service'));
  await set('orsay-crédit', { can_service: true, lamp: 'out_of_service' });
  await fireEvent.contextMenu(key('orsay-crédit'));
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Put back in service'));
  expect(sent).toEqual([
    { intent: 'service', line: 'orsay-crédit', out: true }, { intent: 'service', line: 'orsay-crédit', out: false },
  ]);
});

test('joins a call that waits with the one on a handset', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, can_signal: false, joinable: [{ line: 'wexcombe', name: 'Wexcombe', call: 7 }] } });
  await tick();
  await fireEvent.click(handset('left').getByText('Join'));
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Wexcombe'));
  expect(sent).toEqual([{ intent: 'join', position: 'left', line: 'wexcombe', call: 7 }]);
});

test('removes what I added to a conference, and offers nothing for what others did', async () => {
  const joined = [{ line: 'calder-wynn', name: 'Calder Wynn', removable: false }, { line: 'wexcombe', name: 'Wexcombe', removable: true }];
  store.apply({ change: 'position', value: { ...store.position('left')!, can_signal: false, joined } });
  await tick();
  await fireEvent.click(handset('left').getByText('Join'));
  await fireEvent.click(within(screen.getByRole('dialog')).getByText('Remove'));
  expect(sent).toEqual([{ intent: 'unjoin', line: 'wexcombe' }]);
});

test('sends a call on to somebody who is there, and not to who does not want to be disturbed', async () => {
  await fireEvent.click(handset('left').getByText('Transfer'));
  const card = within(screen.getByRole('dialog'));
  const there = fixture.people.find((person) => person.logged_on && !person.dnd)!;
  const disturbed = fixture.people.find((person) => person.dnd)!;
  expect((card.getByText(disturbed.name).closest('button') as HTMLButtonElement).disabled).toBe(true);
  await fireEvent.click(card.getByText(there.name));
  expect(sent).toEqual([{ intent: 'transfer', position: 'left', to: { user: there.user } }]);
});

test('sends a call on to a line that rings somebody, and lists neither its own nor a hoot', async () => {
  await fireEvent.click(handset('left').getByText('Transfer'));
  const card = within(screen.getByRole('dialog'));
  await fireEvent.input(card.getByLabelText('Find a person'), { target: { value: 'calder' } });
  expect(card.queryByRole('button', { name: /^Calder Wynn/ })).toBeNull();
  await fireEvent.click(card.getByRole('button', { name: /^Calder Repo/ }));
  expect(sent).toEqual([{ intent: 'transfer', position: 'left', to: { line: 'calder-repo' } }]);
});

test('sends on no other call than the one that was shown', async () => {
  await fireEvent.click(handset('left').getByText('Transfer'));
  store.apply({ change: 'position', value: { ...store.position('left')!, line: 'wexcombe', name: 'Wexcombe' } });
  await tick();
  expect(screen.queryByRole('dialog')).toBeNull();
});

const announcing = { line: 'calder-wynn', name: 'Calder Wynn', to: 'T. Marsh', swap: 7 };

test('holds a call and asks somebody who may want it first, who does not want to be disturbed too', async () => {
  await fireEvent.click(handset('left').getByText('Transfer'));
  const card = within(screen.getByRole('dialog'));
  const disturbed = fixture.people.find((person) => person.dnd)!;
  await fireEvent.click(card.getByLabelText(`Ask ${disturbed.name} first`));
  expect(sent).toEqual([{ intent: 'announce', position: 'left', to: disturbed.user }]);
});

test('completes, cancels and swaps where a call is announced', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, line: 'intercom-9', name: 'T. Marsh', can_hold: false, can_transfer: false, announcing } });
  await tick();
  for (const word of ['Complete', 'Cancel', 'Swap']) await fireEvent.click(handset('left').getByText(word));
  expect(sent).toEqual([
    { intent: 'complete', position: 'left' },
    { intent: 'cancel', position: 'left' },
    { intent: 'press', line: 'calder-wynn', call: 7, lamp: 'held_here', position: 'left' },
  ]);
});

test('offers no swap while no handset is free for the intercom', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, announcing: { ...announcing, swap: null } } });
  await tick();
  expect(handset('left').queryByText('Swap')).toBeNull();
});

const dialog = () => within(screen.getByRole('dialog'));

test('asks where a call goes, and moves it there', async () => {
  await fireEvent.click(handset('left').getByText('Move'));
  expect(dialog().queryByText('Left')).toBeNull();
  expect(dialog().getByText('Hands-free').closest('button')).toHaveProperty('disabled', true);
  await fireEvent.click(dialog().getByText('Right'));
  expect(sent).toEqual([{ intent: 'move', line: 'calder-wynn', call: 7, position: 'right' }]);
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('says that the room hears a call on the speakers, and releases it there', async () => {
  await fireEvent.keyDown(window, { key: 'F7', shiftKey: true });
  expect(dialog().getByText(/everybody in the room hears the call/)).toBeTruthy();
  await fireEvent.click(dialog().getByText('Speakers'));
  expect(sent).toEqual([{ intent: 'move', line: 'calder-wynn', call: 7, position: 'speakers' }]);
  const [key, left] = [store.keys['calder-wynn']!, store.position('left')!];
  store.apply({ change: 'position', value: { ...left, line: null } });
  store.apply({ change: 'key', value: { ...key, position: 'speakers' } });
  store.apply({ change: 'channels', value: [{ ...store.channels[8]!, line: key.line, name: key.name, here: true }] });
  await tick();
  await fireEvent.click(screen.getByLabelText('Move Calder Wynn'));
  await fireEvent.click(dialog().getByText('Release'));
  expect(sent.at(-1)).toEqual({ intent: 'release_line', line: 'calder-wynn' });
});

const listeners = { line: 'macro', name: 'Macro hoot', may_set: true, people: [
  { user: 'lindt', name: 'R. Lindt', words: 'hears', allowed: 'speak' as const, hears: true },
  { user: 'marsh', name: 'T. Marsh', words: 'logged off', allowed: 'none' as const, hears: false },
] };
const hoot = () => store.channels.find((it) => it.kind === 'hoot')!;
const openCard = () => fireEvent.click(screen.getAllByTitle('Who can hear me')[0]!);

test('lists who can hear me on a hoot, as the switch tells when it is asked', async () => {
  await openCard();
  expect(sent).toEqual([{ intent: 'who_hears', line: hoot().line }]);
  store.apply({ change: 'listeners', value: { ...listeners, line: hoot().line, may_set: false } });
  await tick();
  const card = within(screen.getByRole('dialog'));
  expect(card.getByText('1 person can hear you here.')).toBeTruthy();
  expect(card.getByText('R. Lindt')).toBeTruthy();
  expect(card.queryByText('T. Marsh')).toBeNull();
  expect(card.queryByText('Listen')).toBeNull();
});

test('sets what somebody may do on a hoot, for its supervisor', async () => {
  await openCard();
  store.apply({ change: 'listeners', value: { ...listeners, line: hoot().line } });
  await tick();
  sent.length = 0;
  const may = within(screen.getByRole('group', { name: 'What R. Lindt may do' }));
  expect(may.getByText('Talk').getAttribute('aria-pressed')).toBe('true');
  await fireEvent.click(may.getByText('Talk'));
  await fireEvent.click(may.getByText('Listen'));
  expect(sent[0]).toEqual({ intent: 'right', line: hoot().line, user: 'lindt', allowed: 'listen' });
  expect(screen.getByRole('group', { name: 'What T. Marsh may do' })).toBeTruthy();
});
