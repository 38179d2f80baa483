// A whole view in which every state of a key, a channel and a handset occurs.
import type { ChannelView } from '../src/generated/ChannelView';
import type { KeyView } from '../src/generated/KeyView';
import type { Lamp } from '../src/generated/Lamp';
import type { PersonView } from '../src/generated/PersonView';
import type { View } from '../src/generated/View';

/** The clock of the fixture, UTC milliseconds. */
export const NOW = Date.UTC(2026, 10, 20, 13, 42, 7);

const idle = (name: string, at: number): KeyView => ({
  line: name.toLowerCase().replaceAll(' ', '-'), name, number: String(4402 + at), kind: at % 3 === 1 ? 'mrd' : 'ard', lamp: 'idle',
  words: `${at % 3 === 1 ? 'MRD' : 'ARD'} ${4402 + at}`, who: [], timer_utc_ms: null, call: null, position: null, proof: { state: 'silent' },
  signalled_utc_ms: null, pressed: false, right: null, talk_mode: 'momentary', talk: null, mute: 'none', diverts: [], diverted: null, can_divert: false, locked: false, can_override: false, can_clear: false, can_service: false, stale_since_utc_ms: null,
});
const lit = (lamp: Lamp, words: string, seconds: number | null, more: Partial<KeyView> = {}): Partial<KeyView> => ({
  lamp, words, timer_utc_ms: seconds === null ? null : NOW - seconds * 1000, call: 7, ...more,
});
const recorded = { proof: { state: 'recorded' as const } };
const names = 'Calder Repo,Marchmont Vale,Orsay Crédit,Norrbank,Blackmere,Sable Point,Lindqvist,Calder Wynn,Portus AM,Castellan Re,Ravelin,Corbel Hale,Iskar Bank,Tamarind AM,Thornby,Hallam Street,Pemberley Ross,Aldersea,Wexcombe,Kittiwake,Fenmoor,Brightling,Halden Bank,Osterby,Strand Cassel,Mistral AM,Banca Adria,Tagus Bank,Ebro Caja,Pelican Re,Dunmere Linkers,Quayside Long,Vantry,Zephyr Minis,Wolds Pension,Cassel Rhône,Adlerhof,Harrowgate,Greyling AM,Debt Office'.split(',');
const states: Record<string, Partial<KeyView>> = {
  'Orsay Crédit': lit('in_use_elsewhere', 'R. Lindt', null, { who: ['R. Lindt'], ...recorded }),
  'Calder Wynn': lit('in_use_here', 'Left · Marsh', 134, { who: ['A. Reyes', 'T. Marsh'], position: 'left', ...recorded }),
  'Corbel Hale': lit('in_use_elsewhere', '4 on line', null, { who: ['R. Lindt', 'T. Marsh', 'M. Osei', 'P. Amadi'], ...recorded }),
  'Hallam Street': lit('ringing_high', 'RINGING', 7),
  Wexcombe: lit('held_here', 'Held by you', 48, recorded),
  Lindqvist: lit('in_use_elsewhere', 'T. Marsh', null, { who: ['T. Marsh'], proof: { state: 'off_by_policy' } }),
  'Mistral AM': lit('out_of_service', 'Out of service', null),
  'Tagus Bank': lit('held_elsewhere', 'Held · Lindt', 72, recorded),
  'Pelican Re': lit('in_use_elsewhere', 'M. Osei', null, { who: ['M. Osei'], proof: { state: 'not_recorded', why: 'the disk is full' } }),
  Vantry: lit('stale', 'Stale', null, { stale_since_utc_ms: NOW - 60_000 }),
  'Wolds Pension': lit('ringing_low', 'RINGING', 3),
};
const keys = names.map((name, at) => ({ ...idle(name, at), ...states[name] }));
const money = ['Ravelin 2', 'Osterby 2', 'Zephyr 2', 'Debt Office 2'].map((name, at) => idle(name, 40 + at));
const aldersea = { ...idle('Aldersea Money', 60), ...lit('ringing_low', 'RINGING', 11) };

const channel = (number: number, name: string, words: string, more: Partial<ChannelView> = {}): ChannelView => ({
  number, line: `ch-${number}`, name, kind: [1, 2, 3, 4, 15, 16].includes(number) ? 'hoot' : 'ard', words, talking: false, volume: 0.6,
  muted: false, solo: false, ducked: false, talk: 'closed', talk_mode: 'momentary', talk_since_utc_ms: null, here: false, grouped: false, closes_utc_ms: null, quiet_since_utc_ms: null,
  proof: { state: 'silent' }, lamp: 'idle', ...more,
});
const channels = [
  channel(1, 'Sterling hoot', '38 hear you', { talk: 'closing', talk_mode: 'momentary', talk_since_utc_ms: NOW - 291_000, closes_utc_ms: NOW + 5_100 }),
  channel(2, 'Morning call', '38 on · quiet'), channel(3, 'Rates NY hoot', 'D. Keane +1', { talking: true }),
  channel(4, 'Macro hoot', 'M. Okafor', { talking: true, talk: 'listen_only' }), channel(5, 'Dunmere gilts', 'Broker · Cole', { talking: true, solo: true }),
  channel(6, 'Quayside longs', 'quiet', { quiet_since_utc_ms: NOW - 42_000 }), channel(7, 'Zephyr linkers', 'muted by you', { muted: true }),
  channel(8, 'Dunmere swaps', '12 hear you', { talk: 'open', talk_mode: 'momentary', talk_since_utc_ms: NOW - 3_000 }), channel(9, 'Calder Wynn mm', '4 hear you', { talk: 'latched', talk_mode: 'momentary', talk_since_utc_ms: NOW - 62_000 }),
  channel(10, 'Norrbank EUR', 'L. Ahlgren', { talking: true }), channel(11, 'Orsay OATs', 'Marsh is on', { talk: 'refused' }),
  channel(12, 'Debt Office', 'No microphone', { talk: 'no_device' }), channel(13, 'Fenmoor', 'Stale, 13:41', { talk: 'stale', lamp: 'stale' }),
  channel(14, 'Strand repo', 'quiet 22 min', { ducked: true }), channel(15, 'Desk shout', '12 on · quiet'),
  channel(16, 'New York desk', 'C. Ito', { talking: true, proof: { state: 'not_recorded', why: 'the disk is full' } }),
];
const person = (user: string, name: string, words: string, lamp: Lamp, more: Partial<PersonView> = {}): PersonView => ({
  user, name, words, desk: 'rates', desk_name: 'Rates London', number: null, lamp, dnd: false, logged_on: true, line: null, talk: 'closed', ...more,
});

/** The view. */
export const fixture: View = {
  header: {
    user: 'A. Reyes', desk: 'Rates London', seat: '4-12', user_id: 'a.reyes', floor: 'London', link: { state: 'up', round_trip_ms: 0.8, voice: true },
    recorder: { state: 'failing', words: '1 not recorded' }, dnd: false, lock: null, can_lock: true, dial: { can: true, last: null, speeds: [], extension: null }, missed: 2, messages: 0, playing: null, may_review: true, switch: 'wss://switch.example:7443', clock_offset_ms: 0,
    mics: [
      { line: 'calder-wynn', name: 'Calder Wynn', position: 'left', since_utc_ms: NOW - 134_000, hearers: 3, muted: false, closes_utc_ms: null },
      { line: 'ch-1', name: 'Sterling hoot', position: 'hands-free', since_utc_ms: NOW - 291_000, hearers: 38, muted: false, closes_utc_ms: NOW + 5_100 },
    ],
  },
  pages: [
    { name: 'Gilts', keys: keys.map((key) => key.line), ringing: 2 }, { name: 'EUR swaps', keys: keys.slice(3, 33).map((key) => key.line), ringing: 1 },
    { name: 'Credit', keys: keys.slice(8, 40).map((key) => key.line), ringing: 2 },
    { name: 'Money', keys: [...money.map((key) => key.line), aldersea.line], ringing: 1 },
  ],
  keys: [...keys, ...money, aldersea],
  positions: [
    { position: 'left', line: 'calder-wynn', name: 'Calder Wynn', words: 'with T. Marsh', since_utc_ms: NOW - 134_000, mic_open: true, muted: false, mic_lapsed: false, proof: { state: 'recorded' }, talk: null, talk_mode: 'momentary', talk_since_utc_ms: null, can_hold: true, can_signal: true, private: false, can_private: true, can_transfer: true, can_speakers: true, announcing: null, joined: [], joinable: [], device: { microphone: 'USB handset 1', ear: 'USB handset 1', trouble: '' }, selected: false, dialling: false, volume: 0.72 },
    { position: 'right', line: null, name: '', words: 'Next key you press lands here', since_utc_ms: null, mic_open: false, muted: false, mic_lapsed: false, proof: { state: 'silent' }, talk: null, talk_mode: 'momentary', talk_since_utc_ms: null, can_hold: false, can_signal: false, private: false, can_private: true, can_transfer: true, can_speakers: true, announcing: null, joined: [], joinable: [], device: { microphone: 'USB handset 2', ear: 'USB handset 2', trouble: '' }, selected: true, dialling: false, volume: 0.7 },
    { position: 'hands-free', line: null, name: '', words: '', since_utc_ms: null, mic_open: true, muted: false, mic_lapsed: false, proof: { state: 'silent' }, talk: null, talk_mode: 'momentary', talk_since_utc_ms: null, can_hold: false, can_signal: false, private: false, can_private: true, can_transfer: true, can_speakers: true, announcing: null, joined: [], joinable: [], device: { microphone: null, ear: 'Front pair', trouble: 'The hands-free mic has no device: talk keys stay shut.' }, selected: false, dialling: false, volume: 0.64 },
  ],
  channels,
  people: [
    person('m.osei', 'M. Osei', 'In a call with you', 'in_use_here', { line: 'intercom-1' }), person('t.marsh', 'T. Marsh', 'Calder Wynn', 'in_use_elsewhere'),
    person('r.lindt', 'R. Lindt', 'Orsay Crédit, 1 held', 'in_use_elsewhere'), person('j.whitlock', 'J. Whitlock', 'Do not disturb', 'idle', { dnd: true }),
    person('d.keane', 'D. Keane', 'New York Rates', 'idle'), person('c.brandt', 'C. Brandt', 'Logged off', 'idle', { logged_on: false }),
  ],
  channel_groups: [
    { group: 'Clients', name: 'Clients', lines: ['ch-5', 'ch-6', 'ch-7'], words: '3 lines', talk: 'closed', talk_mode: 'momentary', talk_since_utc_ms: null, closes_utc_ms: null, hear: [], left_out: [], muted: false },
    { group: 'Hoots', name: 'Hoots', lines: ['ch-1', 'ch-2'], words: 'D. Keane · Rates NY hoot', talk: 'closed', talk_mode: 'both', talk_since_utc_ms: null, closes_utc_ms: null, hear: [], left_out: [], muted: true },
  ],
  groups: [{ group: 'rates-london', name: 'Rates London', words: 'Group · 12 people', size: 12, lamp: 'idle', line: null, talk: 'closed' }],
  incoming: [
    { line: 'hallam-street', name: 'Hallam Street', words: 'High · ARD 4416', lamp: 'ringing_high', can_decline: false, call: 41, since_utc_ms: NOW - 7_000 },
    { line: 'aldersea-money', name: 'Aldersea Money', words: 'Low · Money page', lamp: 'ringing_low', can_decline: false, call: 42, since_utc_ms: NOW - 11_000 },
    { line: 'wolds-pension', name: 'Wolds Pension', words: 'Low · Gilts page', lamp: 'ringing_low', can_decline: false, call: 43, since_utc_ms: NOW - 3_000 },
  ],
  activity: [{ n: 1, line: 'ch-4', sentence: 'You may only listen on Macro hoot; to talk there, ask your administrator.', at_utc_ms: NOW - 2_000, refused: true }],
};

/** The same as a locked turret shows it: lamps without names, but that of an open microphone. */
export const locked: View = {
  ...fixture,
  header: { ...fixture.header, lock: { emergency: [{ name: 'Emergency desk', number: '112' }] }, can_lock: false, missed: 0, may_review: false },
  keys: fixture.keys.map((key) => ({ ...key, name: '', number: '', who: [], words: '' })),
  positions: fixture.positions.map((at) => (at.line === null ? at : { ...at, name: 'A call', words: '', can_private: false, can_transfer: false, can_signal: false })),
  channels: fixture.channels.map((channel) => ({ ...channel, name: '', words: '' })),
  people: [], groups: [], activity: [],
  incoming: fixture.incoming.map((row) => ({ ...row, name: 'A call', words: 'RINGING' })),
};
