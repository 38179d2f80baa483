// What a position lacks, in a word or two that fit the panel; the turret's whole sentence stands beside them for who asks.
import type { PositionView } from '../generated/PositionView';

/** What is missing at a position; empty when nothing is. */
export function lack(at: PositionView): string {
  const { microphone, ear } = at.device;
  const earWord = at.position === 'left' || at.position === 'right' ? 'earpiece' : 'loudspeaker';
  if (at.position === 'speakers') return ear === null ? 'No device' : '';
  if (microphone === null && ear === null) return 'No device';
  if (microphone === null) return 'No microphone';
  if (ear === null) return `No ${earWord}`;
  return '';
}
