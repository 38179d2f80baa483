// Geometry, time, finding and the review page's axis.
import { expect, test } from 'vitest';
import { axisOf, share, ticks } from '../src/review/axis';
import { everySpoken, queryOf } from '../src/review/api';
import { gapsOf, lanesOf, type TalkerLane } from '../src/review/lanes';
import { flagsOf, holdsOf, marksOf, whoOf } from '../src/review/marks';
import { utcOf } from '../src/review/utc';
import { span } from '../src/look/time';
import { findAll } from '../src/panel/find';
import { geometry } from '../src/panel/geometry';
import { neighbour } from '../src/panel/keyboard';
import { fixture } from './fixture';

test('a small window shows one page and eight channels in each of two rows', () => {
  expect(geometry(1280, 800, 16)).toMatchObject({ across: 1, down: 1, perRow: 8, rows: 2 });
});
test('a low window has one row of channels', () => {
  expect(geometry(1180, 700, 16).rows).toBe(1);
});
test('a big window shows four pages and twelve channels in a row', () => {
  expect(geometry(2560, 1440, 18)).toMatchObject({ across: 2, down: 2, perRow: 12 });
});
test('a wide window with one page docks the activity', () => {
  expect(geometry(1920, 1080, 16)).toMatchObject({ across: 1, dock: true });
});
test('a span over an hour has hours', () => {
  expect([span(7_000), span(134_000), span(3_723_000), span(-5)]).toEqual(['0:07', '2:14', '1:02:03', '0:00']);
});
test('a name is found without its accents', () => {
  expect(findAll('credit', fixture.keys, [], [])[0]?.name).toBe('Orsay Crédit');
});
test('an arrow goes to the nearest key in its direction', () => {
  expect(neighbour({ x: 0, y: 0 }, [{ x: 10, y: 30 }, { x: 40, y: 0 }, { x: -5, y: 0 }], 'ArrowRight')).toBe(1);
});
test('nothing lies beyond the edge', () => {
  expect(neighbour({ x: 0, y: 0 }, [{ x: -5, y: 0 }], 'ArrowRight')).toBeNull();
});
test('the axis reaches from the first sound to the last', () => {
  const named = { id: 'a', name: 'A' };
  const row = { id: 1, kind: 'ard', started_utc_ms: 1000, ended_utc_ms: 5000, lines: [], people: [], gaps: 0, spoken: true, unanswered: false, sound_ms: 0 };
  const tracks = [{ track: 1, talker: named, uplink: 'left' as const, line: named, started_utc_ms: 2000, length_ms: 9000 }];
  const axis = axisOf({ row, goes_on: null, tracks, events: [], gaps: [], verdict: { verified: true, segments: 1, signed: true, first_wrong: null, sentence: '' } });
  expect(axis).toEqual({ from: 1000, to: 11000 });
  expect(share(axis, 6000)).toBe(0.5);
  expect(ticks(axis, 5)).toEqual([2000, 4000, 6000, 8000, 10000]);
});
test('a gap shows on the lane of its talker that had begun last', () => {
  const [reyes, marsh] = [{ id: 'r', name: 'R' }, { id: 'm', name: 'M' }];
  const line = { id: 'l', name: 'L' };
  const lane = (track: number, talker: typeof reyes, started_utc_ms: number) => ({ track, talker, uplink: 'left' as const, line, started_utc_ms, length_ms: 1000 });
  const tracks = [lane(1, reyes, 0), lane(2, reyes, 5000), lane(3, marsh, 0)];
  const row = { id: 1, kind: 'ard', started_utc_ms: 0, ended_utc_ms: 9000, lines: [line], people: [reyes, marsh], gaps: 2, spoken: true, unanswered: false, sound_ms: 0 };
  const gaps = [{ talker: reyes, line, from_utc_ms: 6000, to_utc_ms: 7000, why: 'a' }, { talker: null, line: null, from_utc_ms: 8000, to_utc_ms: null, why: 'b' }];
  const detail = { row, goes_on: null, tracks, events: [], gaps, verdict: { verified: true, segments: 1, signed: true, first_wrong: null, sentence: '' } };
  const lanes = lanesOf(tracks.map((track) => ({ ...track, length_ms: 6000 })));
  expect(lanes.map((lane) => [lane.tracks[0]!.track, gapsOf(detail, lane).map((gap) => gap.why)])).toEqual([[1, ['b']], [2, ['a', 'b']], [3, ['b']]]);
});
test('a filter is asked in UTC', () => {
  expect(queryOf({ ...everySpoken(), from: '2026-11-20T07:00', gaps: true }, null)).toBe(`from=${Date.UTC(2026, 10, 20, 7)}&gaps=true&spoken=true`);
});

test('a typed time is an ISO date in UTC, and a day alone is all of it', () => {
  const day = Date.UTC(2026, 10, 20);
  expect(['2026-11-20', ' 2026-11-20 14:07 ', '2026-11-20T14:07:31Z'].map((text) => utcOf(text, false)! - day)).toEqual([0, 50_820_000, 50_851_000]);
  expect([utcOf('2026-11-20', true)! - day, utcOf('2026-11-20 00:00', true)! - day]).toEqual([86_399_999, 0]);
});
test('what could be read in two ways, or is no day, is no time', () => {
  expect(['11/20/2026', '20.11.2026', '2026-11', '2026-02-30', '2026-11-20 24:00', '2026-11-20 7:00', 'now'].filter((text) => utcOf(text, false) !== null)).toEqual([]);
});

const london = { id: 'ard-london', name: 'London ARD' };
const people = ['A. Reyes', 'T. Marsh', 'R. Lindt'].map((name) => ({ id: name.slice(3).toLowerCase(), name }));
const event = (at_utc_ms: number, what: string, ...who: number[]) => ({ at_utc_ms, what, line: london, who: who.map((one) => people[one]!) });

test('an event names one or two people, then how many more, and the line when it is about nobody', () => {
  expect([event(0, 'Beep', 0), event(0, 'Beep', 0, 1), event(0, 'Beep', 0, 1, 2), event(0, 'Rings')].map(whoOf))
    .toEqual(['A. Reyes', 'A. Reyes, T. Marsh', 'A. Reyes, T. Marsh and 1 more', 'London ARD']);
});
test('events with room have a name, those with less drop it, and those that touch become a count', () => {
  const axis = { from: 0, to: 100_000 };
  const labels = (...events: ReturnType<typeof event>[]) => flagsOf(events, axis).map((flag) => flag.label);
  expect(labels(event(0, 'Seized', 0), event(50_000, 'Held', 0))).toEqual(['Seized, A. Reyes', 'Held, A. Reyes']);
  expect(labels(event(0, 'Seized', 0), event(12_000, 'Held', 0))).toEqual(['Seized', 'Held, A. Reyes']);
  expect(labels(event(0, 'Seized', 0), event(1_000, 'Held', 0), event(6_000, 'Resumed', 0))).toEqual(['2', 'Resumed, A. Reyes']);
});
const spoken = (track: number, started_utc_ms: number, uplink: 'left' | 'mic' = 'mic', talker = people[0]!) =>
  ({ track, talker, uplink, line: london, started_utc_ms, length_ms: 1_000 });
const shapeOf = (lanes: TalkerLane[]) => lanes.map((lane) => [lane.talker.id, lane.uplink, lane.tracks.map((track) => track.track)]);
test('what one person says into one microphone is one lane, talk after talk, and another microphone is another', () => {
  const lanes = lanesOf([spoken(1, 0), spoken(2, 1_000, 'mic', people[1]!), spoken(3, 2_000), spoken(4, 4_000, 'left'), spoken(5, 6_000)]);
  expect(shapeOf(lanes)).toEqual([[people[0]!.id, 'mic', [1, 3, 5]], [people[1]!.id, 'mic', [2]], [people[0]!.id, 'left', [4]]]);
});
test('tracks of one microphone that sound at once are on lanes of their own', () => {
  expect(shapeOf(lanesOf([spoken(1, 0), spoken(2, 500), spoken(3, 1_200)])).map(([, , tracks]) => tracks)).toEqual([[1, 3], [2]]);
});
test('what happens between two talks of a lane is marked on it once', () => {
  const [lane] = lanesOf([spoken(1, 0), spoken(2, 1_500)]) as [TalkerLane];
  const up = { at_utc_ms: 1_100, line: london, who: [people[0]!], what: 'Talk key up' };
  expect(marksOf([up, { ...up, at_utc_ms: 4_000 }], lane)).toEqual([up]);
});
test('a hold lasts on its lane from the press of its talker until somebody resumes', () => {
  const [lane] = lanesOf([{ track: 1, talker: people[0]!, uplink: 'left', line: london, started_utc_ms: 0, length_ms: 9_000 }]) as [TalkerLane];
  const axis = { from: 0, to: 10_000 };
  const events = [event(1_000, 'Held', 1), event(2_000, 'Held', 0), event(5_000, 'Resumed', 1), event(7_000, 'Held', 0)];
  expect(holdsOf(events, lane, axis)).toEqual([{ from: 2_000, to: 5_000 }, { from: 7_000, to: 10_000 }]);
});
