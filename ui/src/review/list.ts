// The list of recordings while it is looked at: what is new is taken in, and nothing else moves.
import type { RecordingPage } from '../generated/review/RecordingPage';
import type { RecordingRow } from '../generated/review/RecordingRow';

/** The list with what the first page says now. Older recordings that were fetched stay; the same list comes back when nothing is new. */
export function takenIn(shown: RecordingPage | null, fresh: RecordingPage): RecordingPage {
  if (shown === null) return fresh;
  const last = fresh.recordings.at(-1)?.id;
  const meets = last !== undefined && shown.recordings.some((row) => row.id >= last);
  const older = fresh.next_before === null || !meets ? [] : shown.recordings.filter((row) => row.id < last);
  const merged = { ...fresh, recordings: [...fresh.recordings, ...older], next_before: older.length > 0 ? shown.next_before : fresh.next_before };
  return JSON.stringify(merged) === JSON.stringify(shown) ? shown : merged;
}

/** Whether a wire rang, or was open, and nobody came: of the two ends only one has talked. */
export const isUnanswered = (row: RecordingRow): boolean =>
  row.ended_utc_ms !== null && (row.kind === 'ard' || row.kind === 'mrd') && row.people.length < 2;

/** Whether there is less to it than to the others. */
export const isQuiet = (row: RecordingRow): boolean => !row.spoken || isUnanswered(row);

/** Who talked, and what is to be known before it is opened. */
export function peopleOf(row: RecordingRow): string {
  const people = row.people.map((one) => one.name).join(', ');
  if (people === '') return 'Nobody talked';
  if (isUnanswered(row)) return `${people} · not answered`;
  return row.spoken ? people : `${people} · nobody spoke`;
}

/** Whether the list knows more of a recording than was shown of it. */
export const hasGrown = (shown: RecordingRow, listed: RecordingRow): boolean =>
  shown.id === listed.id && shown.ended_utc_ms === null &&
  (listed.ended_utc_ms !== null || listed.sound_ms > shown.sound_ms || listed.people.length > shown.people.length || listed.gaps > shown.gaps);
