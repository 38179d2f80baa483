// The panel draws what it is told and keeps nothing of its own.
import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Intent } from '../src/generated/Intent';
import type { Proof } from '../src/generated/Proof';
import { applyTheme } from '../src/look/theme';
import { Clock } from '../src/panel/clock.svelte';
import Panel from '../src/panel/Panel.svelte';
import { PanelStore, splitSentence } from '../src/panel/store.svelte';
import { fixture, NOW } from './fixture';

let sent: Intent[];
let store: PanelStore;
let now_utc_ms: number;

beforeEach(() => {
  sent = [];
  now_utc_ms = NOW;
  store = new PanelStore({ listen: async () => {}, send: (intent) => sent.push(intent), takeTheme: () => {}, openReview: () => {} });
  store.apply({ change: 'view', value: structuredClone(fixture) });
  Object.assign(window, { innerWidth: 1280, innerHeight: 800 });
  render(Panel, { store, clock: new Clock(() => now_utc_ms) });
});
afterEach(cleanup);

const keyOf = (line: string) => document.querySelector<HTMLElement>(`.grid [data-line="${line}"]`)!;

describe('the panel', () => {
  test('is dark until somebody takes the light theme, and keeps what they took', async () => {
    localStorage.clear();
    applyTheme('');
    expect(document.documentElement.dataset.theme).toBe('dark');
    await fireEvent.click(screen.getByRole('button', { name: 'Light theme' }));
    expect(document.documentElement.dataset.theme).toBe('light');
    delete document.documentElement.dataset.theme;
    applyTheme('');
    expect(document.documentElement.dataset.theme).toBe('light');
    applyTheme('?theme=dark');
    expect(document.documentElement.dataset.theme).toBe('dark');
    applyTheme('');
    await fireEvent.click(screen.getByRole('button', { name: 'Dark theme' }));
    expect(document.documentElement.dataset.theme).toBe('dark');
  });

  test('names the state of a key in words', () => {
    expect(screen.getAllByRole('button', { name: /^Hallam Street, RINGING .*high priority/ }).length).toBeGreaterThan(0);
    expect(screen.getByRole('button', { name: /^Pelican Re, disk full, NOT RECORDED, In use elsewhere/ })).toBeTruthy();
  });
  const shown = async (line: string, proof: Proof) => {
    store.apply({ change: 'key', value: { ...store.keys[line]!, proof } });
    await tick();
    return keyOf(line);
  };
  test('shows no seal and no word of proof while nothing is said', async () => {
    const key = await shown('orsay-crédit', { state: 'silent' });
    expect(key.querySelector('.pf')).toBeNull();
    expect(`${key.textContent} ${key.getAttribute('aria-label')} ${key.title}`).not.toMatch(/recorded/i);
  });
  test('seals a key that is recorded and says so only in its name', async () => {
    const key = await shown('orsay-crédit', { state: 'recorded' });
    expect(key.querySelector('.pf [data-glyph="seal"]')).toBeTruthy();
    expect(key.textContent).not.toMatch(/recorded/i);
    expect(key.getAttribute('aria-label')).toMatch(/recorded$/);
  });
  test('prints on a key that the policy does not let it be recorded, beside who is on it', async () => {
    const key = await shown('orsay-crédit', { state: 'off_by_policy' });
    expect(key.textContent).toMatch(/R\. Lindt.*No recording, by policy/s);
    expect(key.querySelector('.pf [data-glyph="noseal"]')).toBeTruthy();
    expect(key.className).not.toMatch(/alarm/);
    expect(key.title).toBe('Not recorded, by policy.');
  });
  test('prints why a key is not recorded, and names the whole cause', async () => {
    const key = await shown('orsay-crédit', { state: 'not_recorded', why: 'the folder of recordings may not be written' });
    expect(key.textContent).toMatch(/folder locked.*NOT RECORDED/s);
    expect(key.title).toBe('NOT RECORDED: the folder of recordings may not be written.');
    expect(key.getAttribute('aria-label')).toMatch(/NOT RECORDED: the folder of recordings may not be written$/);
  });
  test('prints a cause that it has no short words for without the system’s own words', async () => {
    const key = await shown('orsay-crédit', { state: 'not_recorded', why: 'the disk refuses (Input/output error, os error 5)' });
    expect(key.textContent).toMatch(/disk refuses(?! \()/);
    expect(key.title).toContain('os error 5');
  });
  test('tells nothing of the proof of a key that is stale', async () => {
    const key = await shown('vantry', { state: 'not_recorded', why: 'the disk is full' });
    expect(`${key.textContent} ${key.getAttribute('aria-label')} ${key.title}`).not.toMatch(/recorded|disk/i);
  });
  test('names why a speaker channel is not recorded', () => {
    expect(document.querySelector('[data-channel="16"]')!.getAttribute('aria-label')).toContain('NOT RECORDED: the disk is full');
  });
  test('keeps the word of a ringing key that is not recorded', async () => {
    const key = await shown('hallam-street', { state: 'not_recorded', why: 'the disk is full' });
    expect(key.textContent).toMatch(/RINGING · disk full.*NOT RECORDED/s);
  });
  test('shows neither recorder nor channels as known while the switch is lost', async () => {
    store.apply({ change: 'header', value: { ...fixture.header, recorder: { state: 'not_known', words: 'Not known' }, link: { state: 'lost', since_utc_ms: NOW - 4000, retry_utc_ms: NOW + 2000 } } });
    store.apply({ change: 'channel', value: { ...store.channels[15]!, talk: 'stale', lamp: 'stale' } });
    await tick();
    expect(document.querySelector('header .health')!.textContent).toMatch(/Not known/);
    expect(document.querySelector('[data-channel="16"]')!.textContent).toMatch(/Stale, 13:42/);
    expect(document.querySelector('[data-channel="16"]')!.textContent).not.toMatch(/RECORDED/);
  });
  test('draws a glyph of its own for every lamp that is not idle', () => {
    const glyphs = ['hallam-street', 'wolds-pension', 'wexcombe', 'orsay-crédit', 'mistral-am', 'vantry'].map((line) => keyOf(line).querySelector('[data-glyph]')!.getAttribute('data-glyph'));
    expect(new Set(glyphs).size).toBe(glyphs.length);
  });
  test('changes a lamp only when the turret says so', async () => {
    await fireEvent.click(keyOf('norrbank'));
    expect(keyOf('norrbank').dataset.lamp).toBe('idle');
    store.apply({ change: 'key', value: { ...store.keys['norrbank']!, lamp: 'in_use_here' } });
    await tick();
    expect(keyOf('norrbank').dataset.lamp).toBe('in_use_here');
  });
  test('presses the call that was shown', async () => {
    await fireEvent.click(keyOf('hallam-street'));
    expect(sent).toContainEqual({ intent: 'press', line: 'hallam-street', call: 7, lamp: 'ringing_high', position: null });
  });
  test('answers the first of the queue with Enter and closes every microphone with Escape', async () => {
    await fireEvent.keyDown(document.body, { key: 'Enter' });
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    expect(sent).toEqual([{ intent: 'answer_next', line: 'hallam-street', call: 41, position: null }, { intent: 'close_all' }]);
  });
  test('counts the open microphones', () => {
    expect(within(screen.getByRole('status', { name: 'Open microphones' })).getByText('Sterling hoot')).toBeTruthy();
  });
  test('floats a ringing line of a hidden page and no other', () => {
    const floats = [...document.querySelectorAll('.fixed .key')].map((key) => key.getAttribute('data-line'));
    expect(floats).toEqual(['aldersea-money']);
  });
  test('says what is closed when the switch is lost', async () => {
    store.apply({ change: 'header', value: { ...fixture.header, link: { state: 'lost', since_utc_ms: NOW - 4000, retry_utc_ms: NOW + 2000 } } });
    await tick();
    expect(screen.getByRole('alert').textContent).toContain('Microphones are closed');
  });
  test('says in short words what an idle handset lacks, and the whole sentence to who asks', async () => {
    const trouble = 'There is no microphone and no loudspeaker; plug one in, or choose another device.';
    const right = store.position('right')!;
    store.apply({ change: 'position', value: { ...right, device: { microphone: null, ear: null, trouble } } });
    await tick();
    const handset = document.querySelector<HTMLElement>('[data-position="right"]')!;
    const note = within(handset).getByRole('note', { name: `No device. ${trouble}` });
    expect(note.title).toBe(trouble);
    expect(within(handset).getByText(/^No sound here\. Plug a device in/)).toBeTruthy();
  });
  test('does not let the clock tick when another part of the header changes', async () => {
    const shown = document.querySelector('header .clock b')!.textContent;
    now_utc_ms += 1_000;
    store.apply({ change: 'header', value: { ...fixture.header, link: { state: 'up', round_trip_ms: 2, voice: true } } });
    await tick();
    expect(document.querySelector('header .clock b')!.textContent).toBe(shown);
  });
  test('counts the people who are here among all of them', () => {
    expect(document.querySelector('[data-zone="intercom"] .hd')!.textContent).toContain('5 of 6 here');
  });
  const row = (name: RegExp) => screen.getByRole('button', { name });
  test('a press on a row of the intercom list carries the lamp that was seen, of a person and of a group', async () => {
    await fireEvent.click(row(/^M\. Osei, In a call with you/));
    expect(sent.at(-1)).toEqual({ intent: 'intercom', user: 'm.osei', lamp: 'in_use_here' });
    await fireEvent.click(row(/^Rates London, Group · 12 people/));
    expect(sent.at(-1)).toEqual({ intent: 'intercom_group', group: 'rates-london', lamp: 'idle' });
  });
  test('several people are picked and called with one press', async () => {
    await fireEvent.click(row(/^Pick$/));
    for (const name of [/^T\. Marsh, /, /^D\. Keane, /, /^R\. Lindt, /, /^R\. Lindt, /]) await fireEvent.click(row(name));
    expect(sent.filter((one) => one.intent === 'intercom')).toEqual([]);
    await fireEvent.click(row(/^Call 2$/));
    expect(sent.at(-1)).toEqual({ intent: 'intercom_picked', users: ['t.marsh', 'd.keane'] });
    expect(row(/^Pick$/)).toBeTruthy();
  });
  test('a talk key of the intercom list that is held stays held when its row changes', async () => {
    const key = row(/^Talk to M\. Osei/);
    key.focus();
    await fireEvent.keyDown(key, { key: ' ' });
    expect(sent.at(-1)).toEqual({ intent: 'talk_back', user: 'm.osei', on: true, latched: false });
    store.apply({ change: 'person', value: { ...store.people[0]!, talk: 'open' } });
    await tick();
    expect(sent.at(-1)).toMatchObject({ on: true });
    expect(key.textContent).toBe('OPEN');
    await fireEvent.blur(window);
    expect(sent.at(-1)).toMatchObject({ intent: 'talk_back', on: false });
  });
  test('names a loudspeaker that is missing once on the log-on card', async () => {
    const device = (trouble: string) => ({ microphone: null, ear: null, trouble });
    const hands_free = { ...store.position('hands-free')!, device: device('There is no microphone and no loudspeaker; plug one in.') };
    const positions = [hands_free, { ...hands_free, position: 'speakers' as const, device: device('There is no loudspeaker; plug one in.') }];
    store.apply({ change: 'view', value: { ...fixture, positions, header: { ...fixture.header, user_id: null, link: { state: 'logged_off' } } } });
    await tick();
    expect([...document.querySelectorAll('section p')].map((row) => row.textContent)).toEqual([hands_free.device.trouble]);
  });
  test('lists the devices of each position, the system’s first, and what was chosen and is not plugged in', async () => {
    await fireEvent.click(screen.getByRole('button', { name: 'Devices' }));
    expect(sent).toContainEqual({ intent: 'devices' });
    const headset = { id: 'server:usb', name: 'Headset' };
    const none = { microphone: null, ear: null };
    const right = store.position('right')!;
    store.apply({ change: 'position', value: { ...right, device: { ...right.device, microphone: null, trouble: 'There is no microphone called Desk.' } } });
    store.apply({ change: 'devices', value: {
      microphones: [headset, { id: 'server:usb.2', name: 'Headset' }], ears: [headset], system_microphone: 'Headset', system_ear: null,
      chosen: [{ position: 'left', ...none, microphone: headset }, { position: 'right', ...none, microphone: { id: 'server:desk', name: 'Desk' } }],
    } });
    await tick();
    const list = (name: string) => screen.getByRole<HTMLSelectElement>('combobox', { name });
    const names = (name: string) => [...list(name).options].map((option) => option.text);
    expect(names('Left handset: microphone')).toEqual(['System’s default (Headset)', 'Headset', 'Headset (2)']);
    expect(list('Left handset: microphone').value).toBe('server:usb');
    expect(list('Right handset: microphone').selectedOptions[0]!.text).toBe('Not plugged in: Desk');
    expect(screen.getByText('There is no microphone called Desk.')).toBeTruthy();
    expect(names('Hands-free: loudspeaker')).toEqual(['System’s default', 'Headset']);
  });
  test('takes a device that is chosen, and the system’s again', async () => {
    await fireEvent.click(screen.getByRole('button', { name: 'Devices' }));
    const headset = { id: 'server:usb', name: 'Headset' };
    store.apply({ change: 'devices', value: { microphones: [], ears: [headset], system_microphone: null, system_ear: null, chosen: [] } });
    await tick();
    const list = screen.getByRole('combobox', { name: 'Left handset: earpiece' });
    await fireEvent.change(list, { target: { value: 'server:usb' } });
    expect(sent.at(-1)).toEqual({ intent: 'choose_device', position: 'left', part: 'ear', device: headset });
    await fireEvent.change(list, { target: { value: '' } });
    expect(sent.at(-1)).toEqual({ intent: 'choose_device', position: 'left', part: 'ear', device: null });
  });
  test('closes the devices with Escape and leaves the microphones open, and gives their lists their own keys', async () => {
    await fireEvent.click(screen.getByRole('button', { name: 'Devices' }));
    await fireEvent.keyDown(screen.getByRole('combobox', { name: 'Left handset: microphone' }), { key: '1' });
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    expect(screen.queryByRole('dialog', { name: 'Devices' })).toBeNull();
    expect(sent.filter(({ intent }) => intent !== 'devices')).toEqual([]);
  });
  test('offers the devices on the log-on card', async () => {
    store.apply({ change: 'header', value: { ...fixture.header, user_id: null, link: { state: 'logged_off' } } });
    await tick();
    await fireEvent.click(screen.getByRole('button', { name: 'Devices' }));
    expect(screen.getByRole('dialog', { name: 'Devices' })).toBeTruthy();
  });
  test('offers Signal only where the turret says so', () => {
    expect(screen.getAllByRole('button', { name: 'Signal' })).toHaveLength(1);
  });
  test('tells the turret that the window lost the focus', async () => {
    await fireEvent.blur(window);
    expect(sent).toContainEqual({ intent: 'focus_lost' });
  });
  test('asks before a certificate is trusted', async () => {
    store.apply({ change: 'header', value: { ...fixture.header, user_id: null, link: { state: 'untrusted', fingerprint: 'sha256:abcd' } } });
    await tick();
    await fireEvent.click(screen.getByRole('button', { name: 'Trust this switch' }));
    expect(sent).toContainEqual({ intent: 'trust', fingerprint: 'sha256:abcd' });
  });
});

test('a notice is what happened, then what to do', () => {
  expect(splitSentence('Fenmoor is private. Ask M. Osei.')).toEqual({ what: 'Fenmoor is private.', then: 'Ask M. Osei.' });
});
test('an initial does not end a sentence', () => {
  expect(splitSentence('A. Reyes calls you by intercom.')).toEqual({ what: 'A. Reyes calls you by intercom.', then: '' });
  expect(splitSentence('Ask M. Osei. He holds it.')).toEqual({ what: 'Ask M. Osei.', then: 'He holds it.' });
});
