// The review page's list while it is looked at, and what it says of recordings that go on or in which nobody spoke.
import { cleanup, render } from '@testing-library/svelte';
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RecordingDetail } from '../src/generated/review/RecordingDetail';
import type { RecordingPage } from '../src/generated/review/RecordingPage';
import type { RecordingRow } from '../src/generated/review/RecordingRow';
import { firstToHear, hasGrown, isQuiet, peopleOf, takenIn, titleOf, withRow } from '../src/review/list';
import Review from '../src/review/Review.svelte';
import VerdictBand from '../src/review/VerdictBand.svelte';

const AT = Date.UTC(2026, 10, 20, 13, 42);
const reyes = { id: 'reyes', name: 'A. Reyes' };
const lindt = { id: 'lindt', name: 'R. Lindt' };
const line = { id: 'ard-london', name: 'New York ARD' };
const row = (id: number, more: Partial<RecordingRow> = {}): RecordingRow => ({
  id, kind: 'ard', started_utc_ms: AT + id * 60_000, ended_utc_ms: AT + id * 60_000 + 9_000, lines: [line], people: [reyes, lindt], gaps: 0, spoken: true, unanswered: false, sound_ms: 12_000, ...more,
});
const pageOf = (ids: number[], next_before: number | null = null): RecordingPage => ({ recordings: ids.map((id) => row(id)), is_behind: false, next_before, lines: [{ ...line, kind: 'ard' }], people: [reyes, lindt] });
const ids = (page: RecordingPage) => page.recordings.map((one) => one.id);

test('what is new comes first, and older recordings that were fetched stay', () => {
  const shown = { ...pageOf([9, 8, 7, 6, 5]), next_before: 5 };
  const taken = takenIn(shown, pageOf([10, 9, 8], 8));
  expect([ids(taken), taken.next_before]).toEqual([[10, 9, 8, 7, 6, 5], 5]);
});
test('a list of which nothing has changed stays the same one', () => {
  const shown = pageOf([3, 2, 1]);
  expect(takenIn(shown, pageOf([3, 2, 1]))).toBe(shown);
});
test('a list that has been left far behind begins anew', () => {
  const taken = takenIn(pageOf([3, 2, 1]), pageOf([30, 29], 29));
  expect([ids(taken), taken.next_before]).toEqual([[30, 29], 29]);
});
test('one recording of the list is shown as it is now, and the others stay', () => {
  const now = withRow(pageOf([3, 2, 1]), row(2, { sound_ms: 99_000 }));
  expect(now.recordings.map((one) => [one.id, one.sound_ms])).toEqual([[3, 12_000], [2, 99_000], [1, 12_000]]);
});
test('a ring that nobody answered, and a call in which nobody spoke, are quiet and say why', () => {
  const rung = row(1, { people: [reyes], unanswered: true });
  const silent = row(2, { spoken: false });
  expect([rung, silent, row(3)].map((one) => [isQuiet(one), peopleOf(one)])).toEqual([
    [true, 'A. Reyes · not answered'], [true, 'A. Reyes, R. Lindt · nobody spoke'], [false, 'A. Reyes, R. Lindt'],
  ]);
});
test('a wire whose two ends are called the same is named once', () => {
  const named = (...names: string[]) => titleOf(row(1, { lines: names.map((name, at) => ({ id: `${at}`, name })) }));
  expect([named('Norrbank', 'Norrbank'), named('Hallam Street', 'London desk')]).toEqual(['Norrbank', 'Hallam Street, London desk']);
});
test('a page opens with the newest recording that has something to hear', () => {
  const rows = [row(3, { ended_utc_ms: null, sound_ms: 0 }), row(2, { sound_ms: 5_000 }), row(1, { sound_ms: 9_000 })];
  expect([firstToHear(rows), firstToHear(rows.slice(0, 1)), firstToHear([])]).toEqual([2, 3, null]);
});
test('somebody who talked alone is named, and not said to have had no answer', () => {
  const alone = row(1, { people: [reyes] });
  expect([isQuiet(alone), peopleOf(alone)]).toEqual([false, 'A. Reyes']);
});
test('a recording has grown when more of it is sealed or it has ended, and never after that', () => {
  const open = row(1, { ended_utc_ms: null });
  expect([hasGrown(open, open), hasGrown(open, { ...open, sound_ms: 13_000 }), hasGrown(open, row(1)), hasGrown(row(1), row(1, { sound_ms: 13_000 }))]).toEqual([false, true, true, false]);
});

const verdict = { verified: true, segments: 0, signed: true, first_wrong: null, sentence: 'Nothing of it is sealed yet.' };
const band = (given: Partial<typeof verdict>, goesOn: string | null) =>
  render(VerdictBand, { verdict: { ...verdict, ...given }, tracks: 1, goesOn }).container.querySelector<HTMLElement>('.proof')!;
afterEach(cleanup);

test('a recording that goes on says so, when it ends and what is checked so far, and is not green', () => {
  const shown = band({}, 'It ends with the call.');
  expect(shown.querySelector('b')?.textContent).toBe('Goes on');
  expect(shown.textContent).toContain('It ends with the call. Nothing of it is sealed yet.');
  expect(shown.classList.contains('open')).toBe(true);
});
test('a recording that goes on and is not as it was sealed is bad', () => {
  const shown = band({ verified: false, segments: 1 }, 'It ends with the call.');
  expect([shown.querySelector('b')?.textContent, shown.classList.contains('open')]).toEqual(['Not as it was sealed', false]);
});
test('a recording that has ended and holds is verified', () => {
  expect(band({ segments: 2 }, null).querySelector('b')?.textContent).toBe('Verified');
});

test('a recording that has ended and is not signed yet says so and is not green', () => {
  const shown = band({ segments: 2, signed: false }, null);
  expect([shown.querySelector('b')?.textContent, shown.classList.contains('open')]).toEqual(['Holds, not signed yet', true]);
});

const detail = (id: number): RecordingDetail => ({ row: row(id), goes_on: null, tracks: [], events: [], gaps: [], verdict: { ...verdict, segments: 1 } });
let listed = pageOf([2, 1]);
/** Recordings that are not listed, and those that are more than their rows say. */
let older: RecordingRow[] = [];
let details = new Map<number, RecordingDetail>();
let refused: (path: string) => number | null = () => null;
let asked: [string, RequestInit?][] = [];
function found(path: string): unknown {
  if (path === '/api/me') return { user: 'reyes', name: 'A. Reyes', roles: ['reviewer'] };
  if (path.endsWith('/peaks')) return { step_ms: 20, peaks: [] };
  if (path.includes('before=')) return { ...listed, recordings: older };
  if (path.startsWith('/api/recordings?')) return listed;
  const id = Number(path.split('/').at(-1));
  return details.get(id) ?? detail(id);
}
/** A switch that lists `listed`. */
function answer(path: string, init?: RequestInit): Promise<Response> {
  asked.push([path, init]);
  const status = refused(path);
  const body = status === null ? found(path) : { sentence: 'The switch is ill.' };
  return Promise.resolve(new Response(JSON.stringify(body), { status: status ?? 200 }));
}
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', answer);
  // Lanes are measured, and drawn once they have a size: here they have none.
  vi.stubGlobal('ResizeObserver', class { observe = () => undefined; unobserve = () => undefined; disconnect = () => undefined; });
  ready = 4;
  [listed, older, details, refused, asked] = [pageOf([2, 1]), [], new Map(), () => null, []];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function pass(ms: number) {
  await vi.advanceTimersByTimeAsync(ms);
  flushSync();
}
const shownIds = (page: HTMLElement) => [...page.querySelectorAll('[data-recording]')].map((one) => one.getAttribute('data-recording'));

test('a call that was made while the page is open is listed by itself, and the chosen recording stays chosen', async () => {
  const { container } = render(Review);
  await pass(0);
  container.querySelector<HTMLElement>('[data-recording="1"]')!.click();
  await pass(0);
  const before = container.querySelector('[data-recording="1"]');
  listed = pageOf([3, 2, 1]);
  await pass(5_000);
  expect(shownIds(container)).toEqual(['3', '2', '1']);
  expect(container.querySelector('[data-recording="1"]')).toBe(before);
  expect(before?.getAttribute('aria-current')).toBe('true');
});
/** What the head of the list says and offers. */
const head = (page: HTMLElement) => page.querySelector('.lh')!.textContent.replace(/\s+/g, ' ').trim();
async function listIsLookedAtAgain(page: HTMLElement, ids: number[]) {
  listed = pageOf(ids);
  await pass(5_000);
  return shownIds(page);
}
test('no row moves while the pointer is over the list: what is new is announced, politely, and shown when it is asked for', async () => {
  const { container } = render(Review);
  await pass(0);
  const list = container.querySelector('section[aria-label="Results"]')!;
  list.dispatchEvent(new Event('pointerenter'));
  flushSync();
  expect(await listIsLookedAtAgain(container, [5, 4, 3, 2])).toEqual(['2', '1']);
  expect([head(container), container.querySelector('.lh [aria-live="polite"]')?.textContent]).toEqual(['2 recordings3 new recordings.Show', '3 new recordings.']);
  expect(container.querySelector('.show')?.getAttribute('aria-label')).toBe('Show 3 new recordings');
  container.querySelector<HTMLElement>('.show')!.click();
  await pass(0);
  expect([shownIds(container), document.activeElement?.getAttribute('data-recording')]).toEqual([['5', '4', '3', '2'], '5']);
});
test('no row moves while one has the focus, and what is new comes in once the focus has gone', async () => {
  const { container } = render(Review);
  await pass(0);
  const row = container.querySelector<HTMLElement>('[data-recording="1"]')!;
  row.focus();
  flushSync();
  expect(await listIsLookedAtAgain(container, [3, 2, 1])).toEqual(['2', '1']);
  row.blur();
  flushSync();
  expect(await listIsLookedAtAgain(container, [3, 2, 1])).toEqual(['3', '2', '1']);
});
test('the focus of a button that has shown the last older recordings goes on to the first of them, and what is new comes in once it has gone', async () => {
  [listed, older] = [pageOf([4, 3], 3), [row(2), row(1)]];
  const { container } = render(Review);
  await pass(0);
  const button = container.querySelector<HTMLElement>('.more')!;
  button.focus();
  listed = pageOf([4, 3]);
  button.click();
  await pass(0);
  expect([shownIds(container), container.querySelector('.more'), document.activeElement?.getAttribute('data-recording')]).toEqual([['4', '3', '2', '1'], null, '2']);
  (document.activeElement as HTMLElement).blur();
  flushSync();
  expect(await listIsLookedAtAgain(container, [5, 4, 3])).toEqual(['5', '4', '3']);
});
test('a row that has gone with the focus in it holds no list still', async () => {
  const { container } = render(Review);
  await pass(0);
  container.querySelector<HTMLElement>('[data-recording="1"]')!.focus();
  refused = (path) => (path.startsWith('/api/recordings?') ? 500 : null);
  container.querySelector('form[aria-label="Filters"]')!.dispatchEvent(new Event('submit', { cancelable: true }));
  await pass(0);
  refused = () => null;
  expect(await listIsLookedAtAgain(container, [9])).toEqual(['9']);
  expect(await listIsLookedAtAgain(container, [10, 9])).toEqual(['10', '9']);
});
test('a row that is held still is shown as it is now', async () => {
  listed = { ...pageOf([1]), recordings: [row(1, { ended_utc_ms: null })] };
  const { container } = render(Review);
  await pass(0);
  container.querySelector<HTMLElement>('[data-recording="1"]')!.focus();
  flushSync();
  expect(container.querySelector('[data-recording="1"] .d')?.textContent).toBe('goes on');
  await listIsLookedAtAgain(container, [2, 1]);
  expect(container.querySelector('[data-recording="1"] .d')?.textContent).toBe('0:09');
});
test('what the page asks by itself carries the filter and says that nobody asked', async () => {
  render(Review);
  await pass(5_000);
  const [path, init] = asked.at(-1)!;
  expect([path, init?.headers]).toEqual(['/api/recordings?spoken=true', { 'dealerboard-by-itself': 'true' }]);
});
test('a page that nobody sees asks nothing', async () => {
  render(Review);
  await pass(0);
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  const before = asked.length;
  await pass(20_000);
  expect(asked.length).toBe(before);
  hidden.mockRestore();
});

const BY_ITSELF = { 'dealerboard-by-itself': 'true' };
/** A call that goes on, of which so much of two talkers is sealed. */
function growing(id: number, ...sealed_ms: [number, number]): RecordingDetail {
  const tracks = [reyes, lindt].map((talker, at) => ({ track: id * 10 + at, talker, uplink: 'left' as const, line, started_utc_ms: AT + id * 60_000, length_ms: sealed_ms[at]! }));
  return { ...detail(id), row: row(id, { ended_utc_ms: null, sound_ms: sealed_ms[0] + sealed_ms[1] }), goes_on: 'It ends with the call.', tracks };
}
/** Lists this recording, first of all, and gives it when it is opened. */
function give(one: RecordingDetail) {
  details.set(one.row.id, one);
  listed = { ...listed, recordings: [one.row, ...listed.recordings.filter((row) => row.id !== one.row.id)] };
}
/** What was asked with these words in its path since then. */
const askedSince = (from: number, words: string) => asked.slice(from).filter(([path]) => path.includes(words));
const cursorMs = (page: HTMLElement) => Number(page.querySelector('[data-cursor-ms]')!.getAttribute('data-cursor-ms'));
const title = (page: HTMLElement) => page.querySelector('.proof b')?.textContent;

/** Sound elements that were made. */
let sounds: string[] = [];
/** How ready sound is: nothing of it has come yet at 0. */
let ready = 4;
class Sound extends EventTarget {
  paused = true;
  ended = false;
  error = null;
  get readyState() { return ready; }
  currentTime = 0;
  preload = '';
  constructor(address: string) {
    super();
    sounds.push(address);
  }
  play = () => Promise.resolve();
  pause = () => undefined;
  removeAttribute = () => undefined;
  load = () => undefined;
}

test('a recording that grows while nobody does anything is loaded without a word of anybody, and its sound is not', async () => {
  sounds = [];
  vi.stubGlobal('Audio', Sound);
  give(growing(3, 60_000, 60_000));
  const { container } = render(Review);
  await pass(0);
  expect([askedSince(0, '/api/recordings/3').length, sounds]).toEqual([3, []]);
  const before = asked.length;
  give(growing(3, 120_000, 60_000));
  await pass(5_000);
  const loaded = askedSince(before, '/api/recordings/3');
  expect(loaded.map(([path, init]) => [path, init?.headers])).toEqual([['/api/recordings/3', BY_ITSELF], ['/api/recordings/3/tracks/30/peaks', BY_ITSELF]]);
  expect(sounds).toEqual([]);
  container.querySelector<HTMLElement>('[aria-label="Play"]')!.click();
  expect(sounds).toEqual([30, 31].map((track) => `/api/recordings/3/tracks/${track}/audio`));
});
/** A switch that gives no loudness before it is let. */
function holdLoudness(): (() => void)[] {
  const given: (() => void)[] = [];
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    const said = answer(path, init);
    if (path.endsWith('/peaks')) await new Promise<void>((give) => given.push(give));
    return said;
  });
  return given;
}
const loudnessAsked = (from = 0) => askedSince(from, '/peaks').map(([path]) => Number(path.split('/').at(-2)));
test('the loudness of tracks is asked for one after another, and not while sound is waited for', async () => {
  [sounds, ready] = [[], 0];
  vi.stubGlobal('Audio', Sound);
  const given = holdLoudness();
  give(growing(3, 60_000, 60_000));
  const { container } = render(Review);
  await pass(0);
  expect(loudnessAsked()).toEqual([30]);
  container.querySelector<HTMLElement>('[aria-label="Play"]')!.click();
  await pass(100);
  given[0]!();
  await pass(1_000);
  expect(loudnessAsked()).toEqual([30]);
  ready = 4;
  await pass(100);
  expect(loudnessAsked()).toEqual([30, 31]);
});
test('a loudness that could not be loaded is asked for again when there is more of its track', async () => {
  refused = (path) => (path.endsWith('/peaks') ? 500 : null);
  give(growing(3, 60_000, 60_000));
  render(Review);
  await pass(0);
  const before = asked.length;
  give(growing(3, 120_000, 60_000));
  await pass(5_000);
  expect([loudnessAsked(0), loudnessAsked(before)]).toEqual([[30, 31, 30], [30]]);
});
test('what is drawn of a recording is asked for no longer when another one is chosen', async () => {
  const given = holdLoudness();
  give(growing(3, 60_000, 60_000));
  const { container } = render(Review);
  await pass(0);
  container.querySelector<HTMLElement>('[data-recording="1"]')!.click();
  await pass(0);
  expect(askedSince(0, '/peaks')[0]![1]?.signal?.aborted).toBe(true);
  given[0]!();
  await pass(100);
  expect(loudnessAsked()).toEqual([30]);
});
test('play says that it loads, on its button, until there is sound', async () => {
  [sounds, ready] = [[], 0];
  vi.stubGlobal('Audio', Sound);
  give(growing(3, 60_000, 60_000));
  const { container } = render(Review);
  await pass(0);
  const play = container.querySelector<HTMLElement>('[aria-label="Play"]')!;
  play.click();
  await pass(1_000);
  expect([play.textContent.trim(), play.getAttribute('aria-busy'), cursorMs(container)]).toEqual(['Loading', 'true', 0]);
  ready = 4;
  await pass(100);
  expect([play.getAttribute('aria-label'), play.getAttribute('aria-busy')]).toEqual(['Pause', 'false']);
});
test('the sound of a talk is fetched shortly before it is heard', async () => {
  sounds = [];
  vi.stubGlobal('Audio', Sound);
  const talk = (track: number, after_ms: number) => ({ ...growing(3, 500, 0).tracks[0]!, track, started_utc_ms: AT + 180_000 + after_ms });
  give({ ...growing(3, 1_000, 0), tracks: [talk(30, 0), talk(31, 6_000)] });
  const { container } = render(Review);
  await pass(0);
  container.querySelector<HTMLElement>('[aria-label="Play"]')!.click();
  expect(sounds).toEqual(['/api/recordings/3/tracks/30/audio']);
  await pass(2_500);
  expect(sounds.length).toBe(1);
  await pass(1_000);
  expect(sounds.slice(1)).toEqual(['/api/recordings/3/tracks/31/audio']);
});
test('a recording that somebody chooses is opened in their name', async () => {
  const { container } = render(Review);
  await pass(0);
  container.querySelector<HTMLElement>('[data-recording="1"]')!.click();
  await pass(0);
  expect(asked.at(-1)![1]?.headers).toBeUndefined();
});
test('a recording that comes to an empty list is opened in nobody\'s name', async () => {
  listed = pageOf([]);
  render(Review);
  await pass(0);
  listed = pageOf([1]);
  await pass(5_000);
  expect(asked.at(-1)).toEqual(['/api/recordings/1', expect.objectContaining({ headers: BY_ITSELF })]);
});
test('a list that cannot be looked at again says since when, quietly, until it can be', async () => {
  const { container } = render(Review);
  await pass(0);
  refused = (path) => (path.startsWith('/api/recordings?') ? 500 : null);
  await pass(10_000);
  const said = () => container.querySelector('header + [role="status"]')?.textContent;
  expect(said()).toMatch(/^This list is as it was at \d\d:\d\d:\d\d UTC\. The switch is ill\.$/);
  refused = () => null;
  await pass(5_000);
  expect(said()).toBeUndefined();
});
test('a list from which recordings may be missing says so until it is whole', async () => {
  listed = { ...pageOf([1]), is_behind: true };
  const { container } = render(Review);
  await pass(0);
  const said = () => container.querySelector('header + [role="status"]')?.textContent;
  expect(said()).toContain('recordings may be missing from this list');
  listed = pageOf([2, 1]);
  await pass(5_000);
  expect(said()).toBeUndefined();
});
test('a log-on that has ended while the page looked by itself leads to the log-on card', async () => {
  const { container } = render(Review);
  await pass(0);
  refused = () => 401;
  await pass(5_000);
  expect([container.querySelector('.rv'), container.querySelector('form h1')?.textContent]).toEqual([null, 'Log on to review']);
});
test('what could not be loaded of a recording that has ended is said above it and asked for again', async () => {
  give(growing(3, 60_000, 0));
  const { container } = render(Review);
  await pass(0);
  refused = (path) => (path === '/api/recordings/3' ? 500 : null);
  give({ ...detail(3), row: row(3) });
  await pass(5_000);
  expect([title(container), container.querySelector('.dh [role="alert"]')?.textContent]).toEqual(['Goes on', 'More of it cannot be loaded: The switch is ill.']);
  refused = () => null;
  await pass(5_000);
  expect([title(container), container.querySelector('.dh [role="alert"]')]).toEqual(['Verified', null]);
});
test('a recording that could not be shown is asked for again', async () => {
  refused = (path) => (path === '/api/recordings/2' ? 500 : null);
  const { container } = render(Review);
  await pass(0);
  expect(container.textContent).toContain('This recording cannot be shown');
  refused = () => null;
  await pass(5_000);
  expect(title(container)).toBe('Verified');
});
test('a long recording that the newest ones have left behind is still looked at, until it has ended', async () => {
  give(growing(3, 60_000, 0));
  const { container } = render(Review);
  await pass(0);
  listed = pageOf([203, 202], 202);
  older = [row(3)];
  details.set(3, { ...detail(3), row: row(3) });
  await pass(5_000);
  expect([asked.some(([path]) => path === '/api/recordings?before=4'), title(container)]).toEqual([true, 'Verified']);
  const before = asked.length;
  await pass(10_000);
  expect(askedSince(before, 'before=')).toEqual([]);
});
test('a wrong time is said once, below its field, which gets the focus, and is not searched for', async () => {
  const { container } = render(Review);
  await pass(0);
  const field = container.querySelector<HTMLInputElement>('form[aria-label="Filters"] input[type="text"]')!;
  field.value = '11/20/2026';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
  const before = asked.length;
  container.querySelector<HTMLElement>('form[aria-label="Filters"] button[type="submit"]')!.click();
  await pass(0);
  expect(container.textContent!.match(/This is no time/g)).toHaveLength(1);
  // A form that judges by itself says it again, in a bubble.
  expect([field.form!.noValidate, document.activeElement, asked.length]).toEqual([true, field, before]);
});
test('lines are chosen from in groups of their kinds', async () => {
  listed = { ...pageOf([1]), lines: [{ id: 'ard-london', kind: 'ard', name: 'New York – London, 4401' }, { id: 'macro', kind: 'hoot', name: 'Macro, 4501' }] };
  const { container } = render(Review);
  await pass(0);
  const shown = [...container.querySelectorAll('optgroup')].map((group) => [group.label, ...[...group.children].map((one) => one.textContent)]);
  expect(shown).toEqual([['Private wires, ARD', 'New York – London, 4401'], ['Hoots', 'Macro, 4501']]);
});
