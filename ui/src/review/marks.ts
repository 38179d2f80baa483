// What happened during a recording: how it reads, where it stands on the axis, and when somebody held.
import type { RecordingEvent } from '../generated/review/RecordingEvent';
import { share, type Axis } from './axis';
import { endOf, type TalkerLane } from './lanes';

/** Whom an event is about: one or two names, then how many more; the line when it is about nobody. */
export function whoOf({ who, line }: RecordingEvent): string {
  if (who.length === 0) return line?.name ?? '';
  const names = who.slice(0, 2).map((one) => one.name).join(', ');
  return who.length > 2 ? `${names} and ${who.length - 2} more` : names;
}

/** An event in words. */
export const inWords = (event: RecordingEvent): string => [event.what, whoOf(event)].filter(Boolean).join(', ');

/** One place above the lanes: an event, or several that would touch. */
export interface Flag {
  at_utc_ms: number;
  events: RecordingEvent[];
  label: string;
}

/** What a letter and the space around a label take of the axis at its least width. */
const LETTER = 0.0115;
const SPACE = 0.025;
const widthOf = (label: string): number => (label === '' ? 0 : SPACE + label.length * LETTER);

/** Events that would touch share a flag; a label that has no room drops its name, then becomes a count. */
export function flagsOf(events: RecordingEvent[], axis: Axis): Flag[] {
  const groups: RecordingEvent[][] = [];
  for (const event of events.toSorted((a, b) => a.at_utc_ms - b.at_utc_ms)) {
    const last = groups.at(-1);
    if (last && share(axis, event.at_utc_ms) - share(axis, last[0]!.at_utc_ms) < widthOf('99')) last.push(event);
    else groups.push([event]);
  }
  return groups.map((group, place) => {
    const first = group[0]!;
    const next = groups[place + 1];
    const room = (next ? share(axis, next[0]!.at_utc_ms) : 1) - share(axis, first.at_utc_ms);
    const more = group.length > 1 ? ` +${group.length - 1}` : '';
    const wishes = [inWords(first) + more, first.what + more, more === '' ? '' : String(group.length)];
    return { at_utc_ms: first.at_utc_ms, events: group, label: wishes.find((label) => widthOf(label) <= room) ?? wishes[2]! };
  });
}

const isOn = (event: RecordingEvent, lane: TalkerLane): boolean => event.line === null || event.line.id === lane.line.id;
const isBy = (event: RecordingEvent, lane: TalkerLane): boolean => event.who.some((one) => one.id === lane.talker.id);

/** A little more than the way of a message: an event at a track's very edge is still the track's. */
const EDGE_MS = 1000;

/** What the talker of a lane did while one of its tracks lasted, each once. */
export function marksOf(events: RecordingEvent[], lane: TalkerLane): RecordingEvent[] {
  const lasts = (at_utc_ms: number) => lane.tracks.some((track) => at_utc_ms >= track.started_utc_ms - EDGE_MS && at_utc_ms <= endOf(track) + EDGE_MS);
  return events.filter((event) => isOn(event, lane) && isBy(event, lane) && lasts(event.at_utc_ms));
}

/** When the talker of a lane held its line. A colleague may resume, or release, what somebody holds. */
export function holdsOf(events: RecordingEvent[], lane: TalkerLane, axis: Axis): { from: number; to: number }[] {
  const here = events.filter((event) => isOn(event, lane)).toSorted((a, b) => a.at_utc_ms - b.at_utc_ms);
  return here.flatMap((event, place) => {
    if (!event.what.startsWith('Held') || !isBy(event, lane)) return [];
    const end = here.slice(place + 1).find((later) => later.what === 'Resumed' || later.what === 'Released' || (later.what === 'Left' && isBy(later, lane)));
    return [{ from: event.at_utc_ms, to: end?.at_utc_ms ?? axis.to }];
  });
}
