// How a lamp is drawn and named: class, glyph and word for every state. Take any one away and it must still read.
import type { ChannelView } from '../generated/ChannelView';
import type { GroupView } from '../generated/GroupView';
import type { KeyView } from '../generated/KeyView';
import type { Lamp } from '../generated/Lamp';
import type { LineKind } from '../generated/LineKind';
import type { PersonView } from '../generated/PersonView';
import type { Position } from '../generated/Position';
import type { Proof } from '../generated/Proof';
import type { GlyphName } from '../look/glyphs';

/** What Hold does, beside its button. */
export const HOLD = 'Anybody with the line can take it; with Shift only you can';

/** The state in words, for those who hear the panel. */
export const lampWord: Record<Lamp, string> = {
  stale: 'Stale',
  out_of_service: 'Out of service',
  ringing_high: 'Ringing, high priority',
  ringing_low: 'Ringing, low priority',
  in_use_here: 'In use here',
  held_here: 'Held here',
  in_use_elsewhere: 'In use elsewhere',
  held_elsewhere: 'Held elsewhere',
  idle: 'Idle',
};

/** Always open to its members: its key is a talk key. */
export const isOpen = (kind: LineKind): boolean => kind === 'hoot' || kind === 'shout_down';

/** A position as the panel writes it. */
export const positionWord: Record<Position, string> = {
  left: 'Left', right: 'Right', 'hands-free': 'Hands-free', speakers: 'Speakers',
};

/** The glyph of a key; none is the small ring of idle. */
export function keyGlyph(key: KeyView): GlyphName | null {
  switch (key.lamp) {
    case 'stale': return 'q';
    case 'out_of_service': return 'x';
    case 'ringing_high': return 'bell2';
    case 'ringing_low': return 'bell1';
    case 'in_use_here': return key.locked ? 'lock' : isOpen(key.kind) ? 'waves' : 'disc';
    case 'held_here': return 'pause';
    case 'held_elsewhere': return key.locked ? 'lock' : 'pause';
    case 'in_use_elsewhere':
      if (key.locked) return 'lock';
      if (isOpen(key.kind)) return 'waves';
      return key.who.length > 1 ? 'people' : 'person';
    case 'idle': return null;
  }
}

/** The seal of proof: none while nothing is said. */
export function seal(proof: Proof): GlyphName | null {
  switch (proof.state) {
    case 'silent': return null;
    case 'recorded': return 'seal';
    case 'off_by_policy': case 'not_recorded': return 'noseal';
  }
}

/** The proof in words. */
export function proofWord(proof: Proof): string {
  switch (proof.state) {
    case 'silent': return '';
    case 'recorded': return 'recorded';
    case 'off_by_policy': return 'not recorded, by policy';
    case 'not_recorded': return 'not recorded';
  }
}

const BRIEF: Record<string, string> = {
  'the disk is full': 'disk full',
  'the disk is read-only': 'disk read-only',
  'the disk does not answer': 'no disk answer',
  'the folder of recordings may not be written': 'folder locked',
};

/** What a key prints below the alarm's name: the recorder's cause in few words. Empty while nothing is wrong. */
export function proofCause(proof: Proof): string {
  switch (proof.state) {
    case 'silent': case 'recorded': case 'off_by_policy': return '';
    case 'not_recorded': return BRIEF[proof.why] ?? proof.why.replace(/ \(.*\)$/, '').replace(/^the /, '');
  }
}

/** The proof as one sentence, the whole cause in it. Empty while there is nothing to say. */
export function proofSentence(proof: Proof): string {
  switch (proof.state) {
    case 'silent': case 'recorded': return '';
    case 'off_by_policy': return 'Not recorded, by policy.';
    case 'not_recorded': return `NOT RECORDED: ${proof.why}.`;
  }
}

/** The second line of a key, with the word that belongs to its state. */
export function keyWords(key: KeyView): string {
  switch (key.lamp) {
    case 'stale': return key.words || 'Stale';
    case 'ringing_high': case 'ringing_low':
    case 'out_of_service': case 'in_use_here': case 'held_here': case 'in_use_elsewhere': case 'held_elsewhere':
    case 'idle': return key.words;
  }
}

/** Everything about a key, for a screen reader: first what is printed on it (WCAG 2.5.3), then what its looks say. */
export function keyLabel(key: KeyView, proof: Proof, printed: string): string {
  const proved = proofSentence(proof).replace(/\.$/, '') || proofWord(proof);
  const locked = key.locked ? 'nobody else gets in' : '';
  return [key.name, printed, ...[lampWord[key.lamp], key.words, locked, proved].filter((word) => !printed.includes(word))].filter(Boolean).join(', ');
}

/** The lens of a person in the intercom list. */
export function personGlyph(person: PersonView): GlyphName | null {
  if (person.lamp === 'stale') return 'q';
  if (!person.logged_on) return 'x';
  switch (person.lamp) {
    case 'ringing_high': case 'ringing_low': return 'bell1';
    case 'in_use_here': return 'disc';
    case 'held_here': case 'held_elsewhere': return 'pause';
    case 'out_of_service': return 'x';
    case 'in_use_elsewhere': return person.dnd ? 'dnd' : 'person';
    case 'idle': return person.dnd ? 'dnd' : null;
  }
}

/** The lens of a group in the intercom list. */
export function groupGlyph(group: GroupView): GlyphName {
  return group.lamp === 'stale' ? 'q' : 'people';
}

/** The mark in the corner of a speaker channel. */
export function channelMark(channel: ChannelView): GlyphName {
  if (channel.talk === 'stale') return 'q';
  if (channel.proof.state === 'not_recorded' || channel.proof.state === 'off_by_policy') return 'noseal';
  return isOpen(channel.kind) ? 'waves' : 'seal';
}

/** dBFS as a share of a meter, 0 to 100: 60 dB of it are drawn. */
export function level(dbfs: number | undefined): number {
  return dbfs === undefined || dbfs < -60 ? 0 : Math.min(100, Math.round((dbfs + 60) / 0.6));
}
