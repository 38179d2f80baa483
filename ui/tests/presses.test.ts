// What a press may do, and what it may not: nothing happens that was not meant.
import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IncomingView } from '../src/generated/IncomingView';
import type { Intent } from '../src/generated/Intent';
import type { PanelStore } from '../src/panel/store.svelte';
import { fixture, NOW } from './fixture';
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

const ring = (line: string): IncomingView => ({ line, name: line, words: 'High · ARD 1', lamp: 'ringing_high', can_decline: false, call: 9, since_utc_ms: NOW });
const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });

describe('a double press', () => {
  /** A press of the mouse, as a browser tells it: down, up, click. */
  const mouse = async (on: Element, timeStamp: number, x = 20) => {
    const events = ['pointerdown', 'pointerup', 'click'].map((name) => new MouseEvent(name, { bubbles: true, cancelable: true, clientX: x, clientY: 180, detail: name === 'click' ? 1 : 0 }));
    for (const event of events) on.dispatchEvent(Object.defineProperty(event, 'timeStamp', { value: timeStamp }));
    await tick();
  };
  const left = (name: string) => [...document.querySelectorAll<HTMLElement>('[data-position="left"] button')].find((button) => button.textContent!.includes(name))!;
  const endsCall = async () => {
    store.apply({ change: 'position', value: { ...store.position('left')!, line: null } });
    await tick();
  };
  test('does not press what came to its place after the first, and says so', async () => {
    await mouse(left('Hold'), 1_000);
    await endsCall();
    await mouse(left('Answer'), 1_300);
    expect(sent).toEqual([{ intent: 'hold', position: 'left', exclusive: false }]);
    expect(screen.getByText('This has just come here.')).toBeTruthy();
  });
  test('that came later than a double press does is one of its own', async () => {
    await mouse(left('Hold'), 1_000);
    await endsCall();
    await mouse(left('Answer'), 1_600);
    expect(sent).toHaveLength(2);
  });
  test('presses the same button twice', async () => {
    await mouse(left('Mute'), 1_000);
    await mouse(left('Mute'), 1_100);
    expect(sent).toHaveLength(2);
  });
  test('beside a button that is still there is two presses', async () => {
    vi.spyOn(left('Hold'), 'getBoundingClientRect').mockReturnValue({ left: 0, right: 30, top: 170, bottom: 190 } as DOMRect);
    await mouse(left('Hold'), 1_000, 28);
    await mouse(left('Mute'), 1_100, 34);
    expect(sent.map((it) => it.intent)).toEqual(['hold', 'mute']);
  });
  test('that missed a talk key the first time is heard the second', async () => {
    const talk = document.querySelector<HTMLElement>('[data-line="ch-2"].talk')!;
    await mouse(document.querySelector('.bar')!, 1_000);
    talk.dispatchEvent(Object.defineProperty(new MouseEvent('pointerdown', { bubbles: true, clientX: 21, clientY: 181 }), 'timeStamp', { value: 1_100 }));
    expect(sent).toContainEqual({ intent: 'talk', line: 'ch-2', on: true, latched: false });
  });
  test('of Enter answers nothing with the key that held a call', async () => {
    left('Hold').focus();
    await fireEvent.keyDown(left('Hold'), { key: 'Enter' });
    await endsCall();
    await fireEvent.keyDown(document.body, { key: 'Enter' });
    expect(sent.filter((it) => it.intent === 'answer_next')).toEqual([]);
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
    expect(sent).toEqual([{ intent: 'hold', position, exclusive: false }, { intent: 'mute', position, on: true }, { intent: 'release', position }]);
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
  test('do not go on to the call of another position', async () => {
    store.apply({ change: 'position', value: { ...store.position('right')!, line: 'macro', name: 'Macro' } });
    document.querySelector<HTMLElement>('[data-position="left"] .pick')!.focus();
    await press('F4');
    store.apply({ change: 'position', value: { ...store.position('left')!, line: null } });
    await tick();
    await press('F3');
    expect(sent).toEqual([{ intent: 'release', position: 'left' }]);
    expect(store.message?.what).toBe('No call is on this position.');
  });
  test('act once, however long they are held', async () => {
    for (let repeat = 0; repeat < 3; repeat++) {
      await press('F3');
      await fireEvent.keyUp(document.body, { key: 'F3' });
    }
    expect(sent).toEqual([{ intent: 'mute', position: 'left', on: true }]);
  });
  test('signal for as long as the key is held, on the line that it was pressed on', async () => {
    store.apply({ change: 'position', value: { ...store.position('left')!, can_signal: true } });
    await press('F8');
    await press('F8');
    await fireEvent.keyUp(document.body, { key: 'F8' });
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    const line = 'calder-wynn';
    expect(sent.filter((it) => it.intent === 'signal')).toEqual([{ intent: 'signal', line, on: true }, { intent: 'signal', line, on: false }]);
  });
});

test('Signal ends with the window’s focus, too', async () => {
  store.apply({ change: 'position', value: { ...store.position('left')!, can_signal: true } });
  await press('F8');
  await fireEvent.blur(window);
  expect(sent.map((it) => it.intent)).toEqual(['signal', 'signal', 'focus_lost']);
});

test('Enter presses the button of a dialog and answers nothing', async () => {
  await fireEvent.click(screen.getByRole('button', { name: 'Log off' }));
  await press('Enter');
  await press('1');
  expect(sent).toEqual([]);
});

test('a dialog goes when its user does', async () => {
  await press('?');
  store.apply({ change: 'header', value: { ...store.header!, user_id: null } });
  store.apply({ change: 'header', value: { ...store.header!, user_id: 'r.lindt', user: 'R. Lindt' } });
  await tick();
  expect(screen.queryByRole('dialog')).toBeNull();
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

test('a line that begins to ring is shown though the activity was looked at, and not answered by the touch that scrolled', async () => {
  await fireEvent.click(screen.getByRole('tab', { name: 'Activity' }));
  store.apply({ change: 'incoming', value: [...fixture.incoming, ring('macro')] });
  await tick();
  const row = screen.getByRole('button', { name: /^Answer macro/ });
  await fireEvent.click(row);
  expect(sent).toEqual([]);
  now_ms += 500;
  await fireEvent.click(row);
  expect(sent).toHaveLength(1);
});

test('what happened meanwhile is counted on its tab until it is looked at', async () => {
  const notice = { n: 900, line: null, sentence: 'Calder Wynn rang for 7 s and was not answered.', at_utc_ms: NOW, refused: false };
  store.apply({ change: 'notice', value: notice });
  await tick();
  expect(screen.getByRole('tab', { name: 'Activity 1' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('tab', { name: 'Activity 1' }));
  expect(screen.getByRole('tab', { name: 'Activity' })).toBeTruthy();
});

test('Mute that is pressed twice mutes', async () => {
  const mute = () => [...document.querySelectorAll<HTMLElement>('[data-position="left"] button')].find((button) => /Mute/.test(button.textContent!))!;
  const muted = (on: boolean) => store.apply({ change: 'position', value: { ...store.position('left')!, muted: on } });
  await fireEvent.click(mute());
  muted(true);
  await tick();
  now_ms += 200;
  await fireEvent.click(mute());
  expect(sent).toEqual([{ intent: 'mute', position: 'left', on: true }]);
  now_ms += 500;
  await fireEvent.click(mute());
  expect(sent.at(-1)).toEqual({ intent: 'mute', position: 'left', on: false });
});

test('who moves by F6 after a press of the mouse sees where they are', async () => {
  document.body.dispatchEvent(new MouseEvent('pointerdown', { bubbles: true }));
  await press('F6');
  expect(document.activeElement!.matches('[data-ring] :focus')).toBe(true);
  document.body.dispatchEvent(new MouseEvent('pointerdown', { bubbles: true }));
  expect(document.activeElement!.matches('[data-ring] :focus')).toBe(false);
});

