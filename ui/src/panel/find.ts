// Looking a line or a person up by a part of name or number.
import type { GroupView } from '../generated/GroupView';
import type { KeyView } from '../generated/KeyView';
import type { PersonView } from '../generated/PersonView';

const LIMIT = 6;

/** One thing found. */
export interface Hit {
  id: string;
  name: string;
  words: string;
  line: string | null;
  person: string | null;
  group: string | null;
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** What is called `text`, those that begin with it first. Accents and case do not matter. */
export function findAll(text: string, keys: KeyView[], people: PersonView[], groups: GroupView[]): Hit[] {
  const wanted = plain(text.trim());
  if (!wanted) return [];
  const all: Hit[] = [
    ...keys.map((key) => ({ id: `line ${key.line}`, name: key.name, words: `${key.kind.toUpperCase()} ${key.number}`, line: key.line, person: null, group: null })),
    ...people.map((person) => ({ id: `person ${person.user}`, name: person.name, words: person.words, line: null, person: person.user, group: null })),
    ...groups.map((group) => ({ id: `group ${group.group}`, name: group.name, words: group.words, line: null, person: null, group: group.group })),
  ];
  const rank = (hit: Hit) => (plain(hit.name).startsWith(wanted) ? 0 : 1);
  return all
    .filter((hit) => plain(`${hit.name} ${hit.words}`).includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, LIMIT);
}
