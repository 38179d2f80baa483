// One UTC axis for all lanes of a recording.
import type { RecordingDetail } from '../generated/review/RecordingDetail';

/** The span of a recording on the axis, UTC milliseconds. */
export interface Axis {
  from: number;
  to: number;
}

/** From the first sound or event to the last; never empty. */
export function axisOf(detail: RecordingDetail): Axis {
  const ends = detail.tracks.map((track) => track.started_utc_ms + track.length_ms);
  const gaps = detail.gaps.flatMap((gap) => (gap.to_utc_ms === null ? [] : [gap.to_utc_ms]));
  const events = detail.events.map((event) => event.at_utc_ms);
  const from = Math.min(detail.row.started_utc_ms, ...events, ...detail.tracks.map((track) => track.started_utc_ms));
  const to = Math.max(detail.row.ended_utc_ms ?? from, from + 1000, ...ends, ...gaps, ...events);
  return { from, to };
}

/** Where a time lies on the axis, 0 to 1. */
export function share(axis: Axis, utc_ms: number): number {
  return Math.min(1, Math.max(0, (utc_ms - axis.from) / (axis.to - axis.from)));
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];

/** At most `most` times at round seconds, for the axis' labels. */
export function ticks(axis: Axis, most: number): number[] {
  const length_s = (axis.to - axis.from) / 1000;
  const step = (STEPS_S.find((s) => length_s / s <= most) ?? Math.ceil(length_s / most / 7200) * 7200) * 1000;
  const out: number[] = [];
  for (let at = Math.ceil(axis.from / step) * step; at <= axis.to; at += step) out.push(at);
  return out;
}
