// Geometry, time, finding and the review page's axis.
import { expect, test } from 'vitest';
import { axisOf, gapsOf, share, ticks } from '../src/review/axis';
import { everything, queryOf } from '../src/review/api';
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
  expect(findAll('credit', fixture.keys, [])[0]?.name).toBe('Orsay Crédit');
});
test('an arrow goes to the nearest key in its direction', () => {
  expect(neighbour({ x: 0, y: 0 }, [{ x: 10, y: 30 }, { x: 40, y: 0 }, { x: -5, y: 0 }], 'ArrowRight')).toBe(1);
});
test('nothing lies beyond the edge', () => {
  expect(neighbour({ x: 0, y: 0 }, [{ x: -5, y: 0 }], 'ArrowRight')).toBeNull();
});
test('the axis reaches from the first sound to the last', () => {
  const named = { id: 'a', name: 'A' };
  const row = { id: 1, kind: 'ard', started_utc_ms: 1000, ended_utc_ms: 5000, lines: [], people: [], gaps: 0 };
  const tracks = [{ track: 1, talker: named, line: named, started_utc_ms: 2000, length_ms: 9000 }];
  const axis = axisOf({ row, tracks, events: [], gaps: [], verdict: { verified: true, segments: 1, first_wrong: null, sentence: '' } });
  expect(axis).toEqual({ from: 1000, to: 11000 });
  expect(share(axis, 6000)).toBe(0.5);
  expect(ticks(axis, 5)).toEqual([2000, 4000, 6000, 8000, 10000]);
});
test('a gap shows on the lane of its talker that had begun last', () => {
  const [reyes, marsh] = [{ id: 'r', name: 'R' }, { id: 'm', name: 'M' }];
  const line = { id: 'l', name: 'L' };
  const lane = (track: number, talker: typeof reyes, started_utc_ms: number) => ({ track, talker, line, started_utc_ms, length_ms: 1000 });
  const tracks = [lane(1, reyes, 0), lane(2, reyes, 5000), lane(3, marsh, 0)];
  const row = { id: 1, kind: 'ard', started_utc_ms: 0, ended_utc_ms: 9000, lines: [line], people: [reyes, marsh], gaps: 2 };
  const gaps = [{ talker: reyes, line, from_utc_ms: 6000, to_utc_ms: 7000, why: 'a' }, { talker: null, line: null, from_utc_ms: 8000, to_utc_ms: null, why: 'b' }];
  const detail = { row, tracks, events: [], gaps, verdict: { verified: true, segments: 1, first_wrong: null, sentence: '' } };
  expect(tracks.map((track) => gapsOf(detail, track).map((gap) => gap.why))).toEqual([['b'], ['a', 'b'], ['b']]);
});
test('a filter is asked in UTC', () => {
  expect(queryOf({ ...everything(), from: '2026-11-20T07:00', gaps: true }, null)).toBe(`from=${Date.UTC(2026, 10, 20, 7)}&gaps=true`);
});
