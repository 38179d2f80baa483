// What a position lacks, in a word or two that fit the panel, and what that means, in a line or two; the turret's whole
// sentence stands beside them for who asks.
import type { PositionView } from '../generated/PositionView';

/** What is missing at a position; empty when nothing is. */
export function lack(at: PositionView): string {
  const { microphone, ear, trouble } = at.device;
  if (at.position === 'speakers') return ear === null ? 'No device' : trouble && 'Other device';
  if (microphone === null && ear === null) return 'No device';
  if (microphone === null) return 'No microphone';
  if (ear === null) return `No ${earWord(at)}`;
  return trouble && `Other ${earWord(at)}`;
}

/** What a handset that lacks something can still do, and what helps; empty when it lacks nothing. */
export function advice(at: PositionView): string {
  const { microphone, ear } = at.device;
  if (microphone === null && ear === null) return 'No sound here. Plug a device in, or choose another.';
  if (microphone === null) return 'You can listen, not talk. Plug a microphone in, or choose another.';
  if (ear === null) return `You can talk, not hear. Plug an ${earWord(at)} in, or choose another.`;
  return at.device.trouble && 'Calls are heard on another device.';
}

function earWord(at: PositionView): string {
  return at.position === 'left' || at.position === 'right' ? 'earpiece' : 'loudspeaker';
}
