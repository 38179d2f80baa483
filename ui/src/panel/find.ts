// Looking a line or a person up by a part of name or number.
import type { GroupView } from '../generated/GroupView';
import type { KeyView } from '../generated/KeyView';
import type { PersonView } from '../generated/PersonView';

const LIMIT = 6;
const LIST_LIMIT = 50;

/** One thing found. */
export interface Hit {
  id: string;
  name: string;
  words: string;
  line: string | null;
  person: string | null;
  group: string | null;
  /** What Enter calls. */
  number: string | null;
}

/** A number and whom it reaches. */
export interface Known {
  name: string;
  number: string;
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Numbers that go with `text`: speed dials first, then people; all of them while nothing is typed. */
export function numbersOf(text: string, speeds: Known[], people: PersonView[]): Known[] {
  const wanted = plain(text.trim());
  const of_people = people.flatMap((it) => (it.number === null ? [] : [{ name: it.name, number: it.number }]));
  return [...speeds, ...of_people].filter((it) => plain(`${it.name} ${it.number}`).includes(wanted)).slice(0, LIST_LIMIT);
}

/** People by a part of their name or of what is said of them; everybody while nothing is typed. */
export function peopleOf(text: string, people: PersonView[]): PersonView[] {
  const wanted = plain(text.trim());
  return people.filter((it) => plain(`${it.name} ${it.desk_name} ${it.words}`).includes(wanted)).slice(0, LIST_LIMIT);
}

/** Lines that ring somebody and are in service, by a part of their name or number. */
export function linesOf(text: string, keys: KeyView[]): KeyView[] {
  const wanted = plain(text.trim());
  const rings = (key: KeyView) => key.kind === 'ard' || key.kind === 'mrd' || key.kind === 'extension' || key.kind === 'dial';
  return keys.filter((it) => rings(it) && it.lamp !== 'out_of_service' && plain(`${it.name} ${it.number}`).includes(wanted)).slice(0, LIST_LIMIT);
}

/** The desks of people, by a part of their name. */
export function desksOf(text: string, people: PersonView[]): { desk: string; name: string }[] {
  const wanted = plain(text.trim());
  const all = new Map(people.flatMap((it) => (it.desk === null ? [] : [[it.desk, it.desk_name] as const])));
  return [...all].map(([desk, name]) => ({ desk, name })).filter((it) => plain(it.name).includes(wanted));
}

/** What is called `text`, those that begin with it first. Accents and case do not matter. */
export function findAll(text: string, keys: KeyView[], people: PersonView[], groups: GroupView[]): Hit[] {
  const wanted = plain(text.trim());
  if (!wanted) return [];
  const digits = text.replaceAll(' ', '');
  const all: Hit[] = [
    ...(/^[0-9*#]{2,}$/.test(digits) ? [{ id: `number ${digits}`, name: `Call ${digits}`, words: 'A number of the floor', line: null, person: null, group: null, number: digits }] : []),
    ...keys.map((key) => ({ id: `line ${key.line}`, name: key.name, words: `${key.kind.toUpperCase()} ${key.number}`, line: key.line, person: null, group: null, number: null })),
    ...people.map((person) => ({ id: `person ${person.user}`, name: person.name, words: person.number === null ? person.words : `${person.number} · ${person.words}`, line: null, person: person.user, group: null, number: person.number })),
    ...groups.map((group) => ({ id: `group ${group.group}`, name: group.name, words: group.words, line: null, person: null, group: group.group, number: null })),
  ];
  // Who has the very number that was typed goes before the number alone.
  const rank = (hit: Hit) => (hit.person !== null && hit.number === digits ? 0 : hit.id.startsWith('number ') ? 1 : plain(hit.name).startsWith(wanted) ? 2 : 3);
  return all
    .filter((hit) => (digits !== '' && hit.number === digits) || plain(`${hit.name} ${hit.words}`).includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, LIMIT);
}
