// Times as the panel writes them: UTC, always by the switch's clock.

const two = (n: number) => String(n).padStart(2, '0');

/** `0:07`, `48:02`, `1:02:03` from milliseconds; never negative. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const m = Math.floor(s / 60);
  return m < 60 ? `${m}:${two(s % 60)}` : `${Math.floor(m / 60)}:${two(m % 60)}:${two(s % 60)}`;
}

/** `13:42:07` of a UTC time in milliseconds. */
export function clockTime(utc_ms: number): string {
  return new Date(utc_ms).toISOString().slice(11, 19);
}

/** `13:42` of a UTC time in milliseconds. */
export function shortTime(utc_ms: number): string {
  return clockTime(utc_ms).slice(0, 5);
}

/** `Fri 20 Nov` of a UTC time in milliseconds. */
export function day(utc_ms: number): string {
  const [weekday, date, month] = new Date(utc_ms).toUTCString().split(' ');
  return `${weekday!.replace(',', '')} ${Number(date)} ${month}`;
}

/** `Friday 20 November 2026` of a UTC time in milliseconds. */
export function longDay(utc_ms: number): string {
  return new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
    .format(utc_ms).replace(',', '');
}
