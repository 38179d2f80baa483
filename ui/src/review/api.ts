// The review API of the switch, same origin. An answer that is not well carries one sentence.
import type { Me } from '../generated/review/Me';
import type { Peaks } from '../generated/review/Peaks';
import type { Problem } from '../generated/review/Problem';
import type { RecordingDetail } from '../generated/review/RecordingDetail';
import type { RecordingPage } from '../generated/review/RecordingPage';
import { utcOf } from './utc';

/** An answer that refuses. */
export class Refused extends Error {
  constructor(readonly status: number, sentence: string) {
    super(sentence);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: 'same-origin', ...init });
  } catch {
    throw new Refused(0, 'The switch does not answer. Check the network and try again.');
  }
  const text = await answer.text();
  let body: unknown = null;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    throw new Refused(answer.status, 'The switch gave an answer that this page does not understand. Load the page again.');
  }
  if (!answer.ok) throw new Refused(answer.status, (body as Problem | null)?.sentence ?? `The switch refused (${answer.status}).`);
  return body as T;
}

/** What to look for. Empty fields ask for everything. */
export interface Filter {
  from: string;
  to: string;
  line: string;
  person: string;
  kind: string;
  gaps: boolean;
  spoken: boolean;
}

/** A filter that finds every recording. */
export const everyOne = (): Filter => ({ from: '', to: '', line: '', person: '', kind: '', gaps: false, spoken: false });

/** A filter that finds every recording in which there is a word to be heard. */
export const everySpoken = (): Filter => ({ ...everyOne(), spoken: true });

/** The query of a filter; times are typed in UTC, and what is no time asks for nothing. */
export function queryOf(filter: Filter, before: number | null): string {
  const query = new URLSearchParams();
  const from = utcOf(filter.from, false);
  const to = utcOf(filter.to, true);
  if (from !== null) query.set('from', String(from));
  if (to !== null) query.set('to', String(to));
  if (filter.line) query.set('line', filter.line);
  if (filter.person) query.set('person', filter.person);
  if (filter.kind) query.set('kind', filter.kind);
  if (filter.gaps) query.set('gaps', 'true');
  if (filter.spoken) query.set('spoken', 'true');
  if (before !== null) query.set('before', String(before));
  return query.toString();
}

/** Of what the page asks by itself: the log-on does not live on by it, and nobody is said to have opened what is loaded. */
const BY_ITSELF: RequestInit = { headers: { 'dealerboard-by-itself': 'true' } };
const asked = (byItself: boolean): RequestInit => (byItself ? BY_ITSELF : {});

export const api = {
  logOn: (user: string, password: string) =>
    ask<Me>('/api/log-on', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user, password }) }),
  logOff: () => ask<null>('/api/log-off', { method: 'POST' }),
  me: () => ask<Me>('/api/me'),
  recordings: (filter: Filter, before: number | null = null) => ask<RecordingPage>(`/api/recordings?${queryOf(filter, before)}`),
  /** As the page looks for what is new by itself. */
  newest: (filter: Filter, before: number | null = null) => ask<RecordingPage>(`/api/recordings?${queryOf(filter, before)}`, BY_ITSELF),
  recording: (id: number, byItself: boolean) => ask<RecordingDetail>(`/api/recordings/${id}`, asked(byItself)),
  peaks: (id: number, track: number, byItself: boolean, signal: AbortSignal) => ask<Peaks>(`/api/recordings/${id}/tracks/${track}/peaks`, { ...asked(byItself), signal }),
  audio: (id: number, track: number) => `/api/recordings/${id}/tracks/${track}/audio`,
};
