// The lanes of a recording: one for each talker, line and microphone, with all tracks of it one after another.
import type { GapSpan } from '../generated/review/GapSpan';
import type { Named } from '../generated/review/Named';
import type { RecordingDetail } from '../generated/review/RecordingDetail';
import type { Track } from '../generated/review/Track';
import type { Uplink } from '../generated/review/Uplink';

/** What one person said into one microphone towards one line. */
export interface TalkerLane {
  /** Stays the same while the recording grows. */
  key: string;
  talker: Named;
  line: Named;
  uplink: Uplink;
  /** In the order of time; no two of them sound at once. */
  tracks: Track[];
}

/** The words for a microphone. */
export const MICS: Record<Uplink, string> = { left: 'left handset', right: 'right handset', mic: 'hands-free mic' };

export const endOf = (track: Track): number => track.started_utc_ms + track.length_ms;

/** Lanes in the order in which they began to be used; tracks that overlap, as of one person at two turrets, get a second lane below the first. */
export function lanesOf(tracks: Track[]): TalkerLane[] {
  const groups = new Map<string, TalkerLane[]>();
  for (const track of tracks.toSorted((a, b) => a.started_utc_ms - b.started_utc_ms || a.track - b.track)) {
    const { talker, line, uplink } = track;
    const name = JSON.stringify([talker.id, line.id, uplink]);
    const lanes = groups.get(name) ?? [];
    groups.set(name, lanes);
    const free = lanes.find((lane) => endOf(lane.tracks.at(-1)!) <= track.started_utc_ms);
    if (free) free.tracks.push(track);
    else lanes.push({ key: `${name} ${lanes.length}`, talker, line, uplink, tracks: [track] });
  }
  return [...groups.values()].flat();
}

/** The gaps that a lane shows: its talker's on its line, on the lane whose track was the last that had begun. A gap of nobody in particular shows on all. */
export function gapsOf(detail: RecordingDetail, lane: TalkerLane): GapSpan[] {
  return detail.gaps.filter((gap) => {
    if (gap.talker === null) return true;
    const theirs = detail.tracks.filter((track) => track.talker.id === gap.talker?.id && (gap.line === null || track.line.id === gap.line.id));
    const begun = theirs.filter((track) => track.started_utc_ms <= gap.from_utc_ms);
    const last = begun.toSorted((a, b) => a.started_utc_ms - b.started_utc_ms).at(-1) ?? theirs[0];
    return last !== undefined && lane.tracks.some((track) => track.track === last.track);
  });
}
