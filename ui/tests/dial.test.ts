// Dialling at the panel: the card, the search, digits at the keyboard, and a call that is not taken.
import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import { findAll, numbersOf } from '../src/panel/find';
import type { PanelStore } from '../src/panel/store.svelte';
import { fixture } from './fixture';
import { opened } from './opened';

let sent: Intent[];
let store: PanelStore;

const people = fixture.people.map((it, at) => (at === 0 ? { ...it, number: '4012' } : it));

beforeEach(async () => {
  const dial = { can: true, last: '4013', speeds: [{ name: 'Rates desk', number: '4000' }], extension: null };
  ({ store, sent } = opened({ ...structuredClone(fixture), people, header: { ...structuredClone(fixture.header), dial } }));
  await tick();
});
afterEach(cleanup);

test('the card calls a number, a speed dial, somebody by name, and the last one again', async () => {
  const open = () => fireEvent.keyDown(document.body, { key: 'd' });
  await open();
  const field = screen.getByLabelText('Number or name');
  for (const digit of ['4', '0', '#']) await fireEvent.click(screen.getByRole('button', { name: digit }));
  await fireEvent.keyDown(field, { key: 'Enter' });
  await open();
  await fireEvent.click(screen.getByText('Rates desk'));
  await open();
  await fireEvent.click(screen.getByText('Redial 4013'));
  expect(sent).toEqual([
    { intent: 'call', to: '40#', line: null, position: null },
    { intent: 'call', to: '4000', line: null, position: null },
    { intent: 'redial', position: null },
  ]);
});

test('digits at the keyboard are dialled while a line waits for them, and answer nothing', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, can_hold: false, dialling: true } });
  await tick();
  await fireEvent.keyDown(document.body, { key: '1' });
  await fireEvent.keyDown(document.body, { key: '#' });
  expect(sent).toEqual([{ intent: 'dial', digits: '1', position: null }, { intent: 'dial', digits: '#', position: null }]);
  expect(screen.getByText('Keypad')).toBeTruthy();
});

test('the search calls whoever has a number, and a number as it was typed', () => {
  expect(findAll('4012', [], people, [])[0]?.person).toBe(people[0]!.user);
  expect(findAll('77 01', [], people, [])[0]).toMatchObject({ number: '7701', name: 'Call 7701' });
  expect(numbersOf('', [{ name: 'Rates desk', number: '4000' }], people).map((it) => it.number)).toEqual(['4000', '4012']);
});

test('a call to one’s own extension can be left to others', async () => {
  store.apply({ change: 'incoming', value: [{ ...fixture.incoming[0]!, can_decline: true }] });
  await tick();
  await fireEvent.click(screen.getByText(/Do not take/));
  expect(sent).toEqual([{ intent: 'decline', line: fixture.incoming[0]!.line }]);
});
