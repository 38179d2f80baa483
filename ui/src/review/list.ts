// The list of recordings while it is looked at: what is new is taken in, or waits until nobody is at work in the list, and nothing else moves.
import type { RecordingDetail } from '../generated/review/RecordingDetail';
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

/** The list with its rows as they are now, and none more or less: nothing moves under a pointer or a focus. */
export const kept = (shown: RecordingPage, fresh: RecordingPage): RecordingPage =>
  ({ ...fresh, next_before: shown.next_before, recordings: shown.recordings.map((row) => fresh.recordings.find((now) => now.id === row.id) ?? row) });

/** How many recordings are newer than all that the list shows. */
export const newOnes = (shown: RecordingPage, fresh: RecordingPage): number =>
  fresh.recordings.filter((row) => row.id > Math.max(0, ...shown.recordings.map((one) => one.id))).length;

/** The list with one of its recordings as it is now. */
export const withRow = (page: RecordingPage, now: RecordingRow): RecordingPage =>
  ({ ...page, recordings: page.recordings.map((row) => (row.id === now.id ? now : row)) });

/** Whether there is less to it than to the others. */
export const isQuiet = (row: RecordingRow): boolean => !row.spoken || row.unanswered;

/** The names of the lines that it was on, each once: both ends of a wire may be called the same. */
export const titleOf = (row: RecordingRow): string => [...new Set(row.lines.map((line) => line.name))].join(', ') || 'Recording';

/** Who talked, and what is to be known before it is opened. */
export function peopleOf(row: RecordingRow): string {
  const people = row.people.map((one) => one.name).join(', ');
  if (row.unanswered) return `${people || 'Nobody talked'} · not answered`;
  if (people === '') return 'Nobody talked';
  return row.spoken ? people : `${people} · nobody spoke`;
}

/** Whether the list knows more of a recording than was shown of it. */
export const hasGrown = (shown: RecordingRow, listed: RecordingRow): boolean =>
  shown.id === listed.id && shown.ended_utc_ms === null &&
  (listed.ended_utc_ms !== null || listed.sound_ms > shown.sound_ms || listed.people.length > shown.people.length || listed.gaps > shown.gaps);

/** Whether a recording has ended and is signed soon. */
export const awaitsSignature = (shown: RecordingDetail): boolean =>
  shown.goes_on === null && shown.verdict.verified && shown.verdict.segments > 0 && !shown.verdict.signed;

/** The recording that a page opens with: the newest with something to hear, else the newest. */
export const firstToHear = (rows: RecordingRow[]): number | null => (rows.find((row) => row.sound_ms > 0) ?? rows[0])?.id ?? null;
