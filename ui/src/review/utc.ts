// Times that are typed: ISO dates in UTC, whatever the language of the browser.

/** How a time is written, for who is about to write one. */
export const FORM = 'YYYY-MM-DD hh:mm:ss';

const WRITTEN = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?Z?$/;

const TODAY = /^\d{2}:\d{2}(:\d{2})?Z?$/;

/** UTC milliseconds of `14:07` today, `2026-11-20 14:07` or `2026-11-20 14:07:31`; a day alone is its first moment, or its last as an `end`. None when it is no such time. */
export function utcOf(text: string, end: boolean): number | null {
  const written = text.trim();
  const parts = WRITTEN.exec(TODAY.test(written) ? `${new Date().toISOString().slice(0, 10)} ${written}` : written);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const utc_ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const made = new Date(utc_ms);
  if (made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day) return null;
  return end && parts[4] === undefined ? utc_ms + 86_400_000 - 1 : utc_ms;
}
