// What a list of devices offers at one position: the system's device first, then each by name; what was chosen is always there.
import type { DeviceChoice } from '../generated/DeviceChoice';

/** One entry of a list. The id of the system's device is empty. */
export interface Offer {
  id: string;
  name: string;
}

/** The entries, and the id of the one that was chosen; `works` says that the position has what was chosen. */
export function offers(listed: DeviceChoice[], system: string | null, chosen: DeviceChoice | null, works: boolean): { all: Offer[]; id: string } {
  const first = { id: '', name: system === null ? 'System’s default' : `System’s default (${system})` };
  const all = [first, ...listed.map(({ id, name }, at) => ({ id, name: numbered(listed, name, at) }))];
  if (chosen === null) return { all, id: '' };
  const same = listed.filter((device) => device.name === chosen.name);
  const found = listed.find((device) => device.id === chosen.id) ?? (same.length === 1 && works ? same[0] : undefined);
  if (found) return { all, id: found.id };
  // One that was written down by hand need not be in a list to work.
  return { all: [...all, { id: chosen.id, name: works ? chosen.name : `Not plugged in: ${chosen.name}` }], id: chosen.id };
}

/** Two devices of one name are told apart by a number. */
function numbered(listed: DeviceChoice[], name: string, at: number): string {
  const before = listed.slice(0, at).filter((device) => device.name === name).length;
  return before === 0 ? name : `${name} (${before + 1})`;
}
