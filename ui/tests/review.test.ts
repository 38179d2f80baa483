// The review page's list while it is looked at, and what it says of recordings that go on or in which nobody spoke.
import { cleanup, render } from '@testing-library/svelte';
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RecordingDetail } from '../src/generated/review/RecordingDetail';
import type { RecordingPage } from '../src/generated/review/RecordingPage';
import type { RecordingRow } from '../src/generated/review/RecordingRow';
import { hasGrown, isQuiet, peopleOf, takenIn } from '../src/review/list';
import Review from '../src/review/Review.svelte';
import VerdictBand from '../src/review/VerdictBand.svelte';

const AT = Date.UTC(2026, 10, 20, 13, 42);
const reyes = { id: 'reyes', name: 'A. Reyes' };
const lindt = { id: 'lindt', name: 'R. Lindt' };
const line = { id: 'ard-london', name: 'New York ARD' };
const row = (id: number, more: Partial<RecordingRow> = {}): RecordingRow => ({
  id, kind: 'ard', started_utc_ms: AT + id * 60_000, ended_utc_ms: AT + id * 60_000 + 9_000, lines: [line], people: [reyes, lindt], gaps: 0, spoken: true, sound_ms: 12_000, ...more,
});
const pageOf = (ids: number[], next_before: number | null = null): RecordingPage => ({ recordings: ids.map((id) => row(id)), next_before, lines: [line], people: [reyes, lindt] });
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
test('a ring that nobody answered, and a call in which nobody spoke, are quiet and say why', () => {
  const rung = row(1, { people: [reyes] });
  const silent = row(2, { spoken: false });
  expect([rung, silent, row(3)].map((one) => [isQuiet(one), peopleOf(one)])).toEqual([
    [true, 'A. Reyes · not answered'], [true, 'A. Reyes, R. Lindt · nobody spoke'], [false, 'A. Reyes, R. Lindt'],
  ]);
});
test('somebody who talks alone on a hoot, by intercom, or in a call that goes on is not quiet', () => {
  const alone = [row(1, { people: [reyes], kind: 'hoot' }), row(2, { people: [reyes], kind: 'intercom' }), row(3, { people: [reyes], ended_utc_ms: null })];
  expect(alone.map(isQuiet)).toEqual([false, false, false]);
});
test('a recording has grown when more of it is sealed or it has ended, and never after that', () => {
  const open = row(1, { ended_utc_ms: null });
  expect([hasGrown(open, open), hasGrown(open, { ...open, sound_ms: 13_000 }), hasGrown(open, row(1)), hasGrown(row(1), row(1, { sound_ms: 13_000 }))]).toEqual([false, true, true, false]);
});

const verdict = { verified: true, segments: 0, first_wrong: null, sentence: 'Nothing of it is sealed yet.' };
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

const detail = (id: number): RecordingDetail => ({ row: row(id), goes_on: null, tracks: [], events: [], gaps: [], verdict: { ...verdict, segments: 1 } });
let listed = pageOf([2, 1]);
let asked: [string, RequestInit?][] = [];
/** A switch that lists `listed`. */
function answer(path: string, init?: RequestInit): Promise<Response> {
  asked.push([path, init]);
  const body = path === '/api/me' ? { user: 'reyes', name: 'A. Reyes', roles: ['reviewer'] } : path.startsWith('/api/recordings?') ? listed : detail(Number(path.split('/').at(-1)));
  return Promise.resolve(new Response(JSON.stringify(body)));
}
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', answer);
  [listed, asked] = [pageOf([2, 1]), []];
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
