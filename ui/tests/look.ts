// The panel drawn from the fixture, for pictures: `vite --mode panel`, then /tests/look.html?still&theme=dark. `state=logon`,
// `trust`, `lost`, `intercom`, `messages`, `hoot` show those. It is served by the development server only and is in no bundle.
import '../src/look/fonts';
import '../src/look/tokens.css';
import '../src/look/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../src/look/theme';
import { Clock } from '../src/panel/clock.svelte';
import Panel from '../src/panel/Panel.svelte';
import { PanelStore } from '../src/panel/store.svelte';
import { fixture, locked, NOW } from './fixture';

applyTheme(location.search);
const store = new PanelStore({ listen: async () => {}, send: () => {}, takeTheme: () => {}, openReview: () => {} });
const state = new URLSearchParams(location.search).get('state');
const header = structuredClone(fixture.header);
if (state === 'logon') Object.assign(header, { user_id: null, link: { state: 'refused', sentence: 'User name or password is wrong. Try again, or ask your administrator.' } });
if (state === 'trust') Object.assign(header, { user_id: null, link: { state: 'untrusted', fingerprint: `sha256:${'5f2c910be477a0d3'.repeat(4)}` } });
if (state === 'lost') Object.assign(header, { link: { state: 'lost', since_utc_ms: NOW - 4000, retry_utc_ms: NOW + 2000 }, mics: [] });
store.apply({ change: 'view', value: { ...fixture, header } });
if (state === 'intercom') {
  const person = (at: number, more: object) => store.apply({ change: 'person', value: { ...store.people[at]!, ...more } });
  const live = { lamp: 'in_use_here', line: 'intercom-2' };
  person(0, { words: 'Talks to you' });
  person(1, { ...live, words: 'DND · waits', dnd: true, talk: 'latched' });
  person(2, { words: 'Calls you', lamp: 'ringing_low', line: 'intercom-3' });
  person(4, { ...live, words: 'Hears you', talk: 'closing' });
  const group = store.groups[0]!;
  const groups = [{ ...group, lamp: 'in_use_here' as const, words: '9 people with you', line: 'intercom-4', talk: 'latched' as const }, { ...group, group: 'syndicate', name: 'Syndicate', words: 'Group · 4 people' }];
  store.apply({ change: 'groups', value: groups });
}
if (state === 'hoot') {
  const talk = { talk: 'open', talk_mode: 'momentary', talk_since_utc_ms: NOW - 4_000 } as const;
  const nothing = { can_hold: false, can_private: false, can_transfer: false, can_signal: false };
  store.apply({ change: 'position', value: { ...store.position('left')!, ...nothing, ...talk, name: 'Sterling hoot', words: 'R. Lindt talks' } });
}
if (state === 'messages') {
  const row = { line: 'ext', name: 'Reyes 4012', start_utc_ms: NOW - 900_000, lasted_ms: 8_000, message: null };
  const rows = [
    { ...row, n: 9, mark: 'voicemail' as const, name: 'R. Lindt 4017', words: 'Message', message: { length_ms: 22_400, heard: false } },
    { ...row, n: 8, mark: 'voicemail' as const, name: 'T. Marsh 4011', words: 'Message', message: { length_ms: 61_000, heard: true } },
    { ...row, n: 7, mark: 'missed' as const, words: 'Missed · R. Lindt 4017' },
  ];
  store.apply({ change: 'history', value: { rows, more: false } });
  store.apply({ change: 'header', value: { ...header, messages: 1, playing: { entry: 8, position: 'left', at_s: 12, length_s: 61 } } });
  // What rings comes into sight first.
  setTimeout(() => (store.tab = 'history'), 300);
}
store.apply({ change: 'meters', value: { mics_dbfs: [-22, -100, -40], lines_dbfs: [['ch-3', -20], ['ch-4', -30], ['ch-5', -12], ['ch-10', -38], ['calder-wynn', -25]] } });
mount(Panel, { target: document.getElementById('app')!, props: { store, clock: new Clock(() => NOW) } });
// `card=dial`, `lock`, `divert`, `transfer`, `move`, `join`, `listeners` and `card` show those cards.
const card = new URLSearchParams(location.search).get('card');
if (card !== null) {
  const extension = { number: '4012', diverts: [{ when: 'no_answer' as const, to: { user: 'm-marsh' }, name: 'T. Marsh' }] };
  const speeds = [{ name: 'Rates desk', number: '4000' }, { name: 'Sales New York', number: '5000' }];
  store.apply({ change: 'header', value: { ...header, dial: { can: true, last: '4017', speeds, extension } } });
  for (const [at, person] of store.people.entries()) {
    store.apply({ change: 'person', value: { ...person, number: at % 2 ? null : String(4010 + at) } });
  }
  const key = Object.values(store.keys).find((it) => it.lamp === 'idle')!;
  store.apply({ change: 'key', value: { ...key, words: 'DIVERTED → Marsh', diverted: 'T. Marsh', can_divert: true, can_override: true, can_service: true } });
  if (card === 'lock') store.apply({ change: 'view', value: locked });
  else if (card === 'card') store.openCard(store.keys[key.line]!);
  else if (card === 'divert') store.openDivert(null);
  else if (card === 'move') store.openMove('calder-wynn');
  else if (card === 'listeners') store.openListeners(Object.values(store.keys).find((it) => it.kind === 'hoot')?.line ?? '');
  else store.dialog = card as typeof store.dialog;
}
if (!state && card !== 'lock') requestAnimationFrame(() => store.apply({ change: 'notice', value: fixture.activity[0]! }));
