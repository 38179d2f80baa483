// Diverts at the panel: the card of one's own extension and of a line, what a key and the header say of them.
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import type { PanelStore } from '../src/panel/store.svelte';
import { fixture } from './fixture';
import { opened } from './opened';

let sent: Intent[];
let store: PanelStore;
const header = structuredClone(fixture.header);
const people = fixture.people.map((it, at) => ({ ...it, desk: at % 2 ? 'rates' : 'fx', desk_name: at % 2 ? 'Rates London' : 'FX Paris' }));

beforeEach(async () => {
  const dial = { can: true, last: null, speeds: [], extension: { number: '4012', diverts: [] } };
  ({ store, sent } = opened({ ...structuredClone(fixture), people, header: { ...header, dial } }));
  await tick();
});
afterEach(cleanup);

test('calls to my extension go to a person in one case, to a desk in another, and ring here again', async () => {
  await fireEvent.keyDown(document.body, { key: 'd' });
  await fireEvent.click(screen.getByText('Divert 4012'));
  await fireEvent.click(within(screen.getByLabelText('Where to')).getByText(people[0]!.name));
  await fireEvent.click(screen.getByRole('radio', { name: /nobody answers/ }));
  await fireEvent.input(screen.getByLabelText('Find a person, a desk or a line'), { target: { value: 'paris' } });
  await fireEvent.click(within(screen.getByLabelText('Where to')).getByText('FX Paris', { selector: '.ell:first-child' }));
  const diverts = [{ when: 'no_answer' as const, to: { desk: 'fx' }, name: 'FX Paris' }];
  store.apply({ change: 'header', value: { ...header, dial: { can: true, last: null, speeds: [], extension: { number: '4012', diverts } } } });
  await tick();
  expect(screen.getByRole('radio', { name: /nobody answers/ }).textContent).toContain('→ FX Paris');
  await fireEvent.click(screen.getByText('Ring here'));
  expect(sent).toEqual([
    { intent: 'divert', line: null, when: 'always', to: { user: people[0]!.user } },
    { intent: 'divert', line: null, when: 'no_answer', to: { desk: 'fx' } },
    { intent: 'divert', line: null, when: 'no_answer', to: null },
  ]);
});

test('the header says that all my calls go elsewhere, and leads to where that is ended', async () => {
  const diverts = [{ when: 'always' as const, to: { user: 't.marsh' }, name: 'T. Marsh' }];
  store.apply({ change: 'header', value: { ...header, dial: { can: true, last: null, speeds: [], extension: { number: '4012', diverts } } } });
  await tick();
  await fireEvent.click(screen.getByText('DIVERTED → T. Marsh'));
  await fireEvent.click(screen.getByText('Ring here'));
  expect(sent).toEqual([{ intent: 'divert', line: null, when: 'always', to: null }]);
});

test('the card of a line diverts its calls, and shows where they go', async () => {
  const key = Object.values(store.keys)[0]!;
  store.apply({ change: 'key', value: { ...key, can_divert: true, diverted: 'T. Marsh' } });
  await tick();
  await fireEvent.contextMenu(document.querySelector(`[data-line="${key.line}"]`)!);
  expect(within(screen.getByRole('dialog')).getByText('T. Marsh').tagName).toBe('B');
  await fireEvent.click(screen.getByText('Divert'));
  expect(screen.queryByRole('radio', { name: /disturbed/ }), 'a line is not disturbed').toBeNull();
  await fireEvent.click(within(screen.getByLabelText('Where to')).getByText(people[1]!.name));
  expect(sent).toEqual([{ intent: 'divert', line: key.line, when: 'always', to: { user: people[1]!.user } }]);
});

test('calls of one\'s own extension go to voicemail, those of a line that several share do not', async () => {
  const key = store.keys['calder-wynn']!;
  store.openDivert(null);
  await tick();
  await fireEvent.click(screen.getByRole('button', { name: /^Voicemail/ }));
  expect(sent).toEqual([{ intent: 'divert', line: null, when: 'always', to: 'voicemail' }]);
  store.openDivert(key.line);
  await tick();
  expect(screen.queryByRole('button', { name: /^Voicemail/ })).toBeNull();
});

test('calls go to who has a line, which is no line that only hears', async () => {
  store.openDivert(null);
  await tick();
  const hoot = { ...Object.values(store.keys)[0]!, kind: 'hoot' as const };
  store.apply({ change: 'key', value: hoot });
  await tick();
  const list = within(screen.getByLabelText('Where to'));
  expect(list.queryByText(hoot.name)).toBeNull();
  await fireEvent.click(list.getByText('Marchmont Vale'));
  expect(sent).toEqual([{ intent: 'divert', line: null, when: 'always', to: { line: 'marchmont-vale' } }]);
});
