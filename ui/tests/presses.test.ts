// What a press may do, and what it may not: nothing happens that was not meant.
import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IncomingView } from '../src/generated/IncomingView';
import type { Intent } from '../src/generated/Intent';
import { Clock } from '../src/panel/clock.svelte';
import Panel from '../src/panel/Panel.svelte';
import { PanelStore } from '../src/panel/store.svelte';
import { Strays } from '../src/panel/strays';
import { fixture, NOW } from './fixture';

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

const ring = (line: string): IncomingView => ({ line, name: line, words: 'High · ARD 1', lamp: 'ringing_high', call: 9, since_utc_ms: NOW });
const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });

describe('a double press', () => {
  const [hold, answer] = [document.createElement('button'), document.createElement('button')];
  const down = (on: Element, timeStamp: number, x = 0) => ({ target: on, clientX: x, clientY: 0, timeStamp }) as unknown as PointerEvent;
  test('does not press what came to its place after the first', () => {
    const strays = new Strays();
    expect(strays.pointer(down(hold, 1_000))).toBe(false);
    expect(strays.pointer(down(answer, 1_300))).toBe(true);
    expect(strays.pointer(down(answer, 1_600))).toBe(false);
  });
  test('presses the same button twice', () => {
    const strays = new Strays();
    expect([strays.pointer(down(hold, 1_000)), strays.pointer(down(hold, 1_100))]).toEqual([false, false]);
  });
  test('is two presses where the second is at another place', () => {
    const strays = new Strays();
    expect([strays.pointer(down(hold, 1_000)), strays.pointer(down(answer, 1_100, 44))]).toEqual([false, false]);
  });
  test('takes the click of a stray with it, and not the one that a key makes', () => {
    const strays = new Strays();
    strays.pointer(down(hold, 1_000));
    strays.pointer(down(answer, 1_200));
    expect(strays.click({ detail: 2 } as MouseEvent)).toBe(true);
    expect(strays.click({ detail: 0 } as MouseEvent)).toBe(false);
  });
});

describe('a line that takes the place of another in the incoming list', () => {
  test('is not answered by the press that was meant for the one before', async () => {
    store.apply({ change: 'incoming', value: [ring('calder'), ring('macro')] });
    now_ms += 1_000;
    store.apply({ change: 'incoming', value: [ring('macro')] });
    await tick();
    await press('Enter');
    expect(sent).toEqual([]);
    expect(screen.getByText('This has just come here.')).toBeTruthy();
    now_ms += 500;
    await press('Enter');
    expect(sent).toEqual([{ intent: 'answer_next', line: 'macro', call: 9, position: null }]);
  });
  test('that comes to an empty place is answered at once', async () => {
    store.apply({ change: 'incoming', value: [] });
    now_ms += 10;
    store.apply({ change: 'incoming', value: [ring('calder')] });
    await press('Enter');
    expect(sent).toHaveLength(1);
  });
});

test('a call that this user has put on hold is resumed as soon as they wish', async () => {
  await press('F2');
  store.apply({ change: 'position', value: { ...store.position('left')!, line: null } });
  await tick();
  await fireEvent.click(screen.getAllByRole('button', { name: 'Resume Wexcombe' })[0]!);
  expect(sent.map((it) => it.intent)).toEqual(['hold', 'press']);
});

test('what a handset offers when the far end has just gone is not pressed by who meant the call', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, line: null } });
  await tick();
  const answer = document.querySelector<HTMLElement>('[data-position="left"] .wide')!;
  await fireEvent.click(answer);
  expect(sent).toEqual([]);
  now_ms += 500;
  await fireEvent.click(answer);
  expect(sent).toHaveLength(1);
});

describe('the keys of a call', () => {
  test('hold, mute and release the only one there is', async () => {
    for (const key of ['F2', 'F3', 'F4']) await press(key);
    const position = 'left';
    expect(sent).toEqual([{ intent: 'hold', position }, { intent: 'mute', position, on: true }, { intent: 'release', position }]);
  });
  test('guess nothing among several', async () => {
    store.apply({ change: 'position', value: { ...store.position('right')!, line: 'macro', name: 'Macro' } });
    await press('F4');
    expect(sent).toEqual([]);
    expect(store.message?.what).toBe('Calls are on Left and Right.');
    document.querySelector<HTMLElement>('[data-position="right"] .w')!.focus();
    await press('F4');
    expect(sent).toEqual([{ intent: 'release', position: 'right' }]);
  });
  test('signal for as long as the key is held, on the line that it was pressed on', async () => {
    store.apply({ change: 'position', value: { ...store.position('left')!, can_signal: true } });
    await press('F8');
    await press('F8');
    await fireEvent.blur(window);
    const line = 'calder-wynn';
    expect(sent.filter((it) => it.intent === 'signal')).toEqual([{ intent: 'signal', line, on: true }, { intent: 'signal', line, on: false }]);
  });
});

test('Escape closes a dialog, and only then the microphones', async () => {
  await press('?');
  expect(screen.getByRole('dialog', { name: 'Shortcuts' })).toBeTruthy();
  await press('Escape');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(sent).toEqual([]);
  await press('Escape');
  expect(sent).toEqual([{ intent: 'close_all' }]);
});

test('who logs off with calls is asked, and stays by the safe button', async () => {
  await fireEvent.click(screen.getByRole('button', { name: 'Log off' }));
  expect(screen.getByRole('dialog', { name: 'Log off with 2 calls?' }).textContent).toContain('Calder Wynn, Wexcombe');
  await fireEvent.click(screen.getByRole('button', { name: 'Stay' }));
  expect(sent).toEqual([]);
});

test('who logs off without a call is not asked', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, line: null } });
  store.apply({ change: 'key', value: { ...store.keys['wexcombe']!, lamp: 'idle' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Log off' }));
  expect(sent).toEqual([{ intent: 'log_off' }]);
});

test('a line that begins to ring is shown though the activity was looked at', async () => {
  await fireEvent.click(screen.getByRole('tab', { name: 'Activity' }));
  store.apply({ change: 'incoming', value: [...fixture.incoming, ring('macro')] });
  await tick();
  expect(screen.getByRole('button', { name: /^Answer macro/ })).toBeTruthy();
});

test('what happened meanwhile is counted on its tab until it is looked at', async () => {
  const notice = { n: 900, line: null, sentence: 'Calder Wynn rang for 7 s and was not answered.', at_utc_ms: NOW, refused: false };
  store.apply({ change: 'notice', value: notice });
  await tick();
  expect(screen.getByRole('tab', { name: 'Activity 1' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('tab', { name: 'Activity 1' }));
  expect(screen.getByRole('tab', { name: 'Activity' })).toBeTruthy();
});
