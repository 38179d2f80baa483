// The panel's keyboard: arrows between keys, F6 between zones, Enter answers, F2 to F8 act on a call, Esc closes every microphone.
import type { PositionView } from '../generated/PositionView';
import { positionWord } from './lamps';
import type { PanelStore } from './store.svelte';
import { SignalGesture } from './talk';

type Way = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

/** A place on the screen, for choosing the neighbour. */
export interface Place {
  x: number;
  y: number;
}

/** The index of the nearest place in a direction; none at the edge. Sideways distance counts double. */
export function neighbour(from: Place, places: Place[], way: Way): number | null {
  let best: number | null = null;
  let least = Infinity;
  places.forEach((to, at) => {
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const [along, aside] = way === 'ArrowRight' ? [dx, dy] : way === 'ArrowLeft' ? [-dx, dy] : way === 'ArrowDown' ? [dy, dx] : [-dy, dx];
    if (along <= 1) return;
    const far = along + 2 * Math.abs(aside);
    if (far < least) [best, least] = [at, far];
  });
  return best;
}

const middle = (element: Element): Place => {
  const box = element.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
};

function moveFocus(way: Way): void {
  const from = document.activeElement;
  const all = [...document.querySelectorAll<HTMLElement>('[data-nav]:not(:disabled)')];
  if (!from || !from.matches('[data-nav]')) return all.find((key) => key.closest('[data-zone="keys"] .grid'))?.focus();
  const zone = from.closest('[data-zone]');
  const near = all.filter((key) => key !== from && key.closest('[data-zone]') === zone);
  const at = neighbour(middle(from), near.map(middle), way);
  if (at !== null) near[at]?.focus();
}

function moveZone(back: boolean): void {
  const zones = [...document.querySelectorAll('[data-zone]')].filter((zone) => zone.querySelector('[data-nav]:not(:disabled)'));
  if (zones.length === 0) return;
  const here = zones.findIndex((zone) => zone.contains(document.activeElement));
  const next = zones[(here + (back ? -1 : 1) + zones.length) % zones.length];
  (next?.querySelector<HTMLElement>('.key[data-nav]') ?? next?.querySelector<HTMLElement>('[data-nav]:not(:disabled)'))?.focus();
}

/** The call that a key acts on: that of the position with the focus, else the only one. Never a guess among several. */
function callInHand(store: PanelStore): PositionView | null {
  const calls = store.positions.filter((at) => at.line !== null);
  const focused = document.activeElement?.closest<HTMLElement>('[data-position]')?.dataset.position;
  const call = calls.find((at) => at.position === focused) ?? (calls.length === 1 ? calls[0] : undefined);
  if (call) return call;
  const [what, then] = calls.length === 0
    ? ['No call is here.', 'Press a line’s key first.']
    : [`Calls are on ${calls.map((at) => positionWord[at.position]).join(' and ')}.`, 'Go to one of them with F6, and press again.'];
  store.message = { line: null, what, then, refused: true };
  return null;
}

const signal = new SignalGesture();
// X11 sends a release before each repeat of a held key: a release counts when no press follows within this time.
const REPEAT_GAP_MS = 40;
let release = 0;

/** Acts on the call in hand. */
function actOnCall(key: 'F2' | 'F3' | 'F4' | 'F8', store: PanelStore): void {
  const call = callInHand(store);
  if (!call) return;
  const { position } = call;
  switch (key) {
    case 'F2':
      if (call.can_hold) return store.send({ intent: 'hold', position });
      store.message = { line: call.line, what: 'This call cannot be held.', then: 'Release it, or stay on it.', refused: true };
      return;
    case 'F3': return store.send({ intent: 'mute', position, on: !call.muted });
    case 'F4': return store.send({ intent: 'release', position });
    case 'F8':
      if (call.can_signal) return signal.press(call.line, (line, on) => store.send({ intent: 'signal', line, on }));
      store.message = { line: call.line, what: 'This line has no Signal.', then: 'It rings by itself when it is pressed.', refused: true };
  }
}

/** A key comes up, or the window lost the keyboard. */
export function letGo(event: KeyboardEvent | null): void {
  if (event === null) return signal.end();
  if (event.key === 'F8') release = window.setTimeout(() => signal.end(), REPEAT_GAP_MS);
}

/** Acts on a key that no component took. What is reached by keyboard keeps its own Enter. */
export function handleKey(event: KeyboardEvent, store: PanelStore, showShortcuts: () => void): void {
  if (event.ctrlKey || event.altKey || event.metaKey || !store.loggedOn) return;
  const writing = event.target instanceof HTMLInputElement;
  switch (event.key) {
    case 'Escape':
      return store.send({ intent: 'close_all' });
    case 'F2': case 'F3': case 'F4':
      event.preventDefault();
      return event.repeat ? undefined : actOnCall(event.key, store);
    case 'F8':
      event.preventDefault();
      window.clearTimeout(release);
      return actOnCall(event.key, store);
    case 'F6':
      event.preventDefault();
      return moveZone(event.shiftKey);
    case 'ArrowUp': case 'ArrowDown': case 'ArrowLeft': case 'ArrowRight':
      if (writing) return;
      event.preventDefault();
      return moveFocus(event.key);
    case 'Enter':
      if (writing || document.activeElement?.matches('button:focus-visible, [role="slider"]:focus-visible')) return;
      event.preventDefault();
      return store.answer(store.incoming[0]);
    case '/':
      if (writing) return;
      event.preventDefault();
      return document.getElementById('find')?.focus();
    case '?':
      return writing ? undefined : showShortcuts();
    default:
      if (!writing && /^[1-9]$/.test(event.key)) store.answer(store.incoming[Number(event.key) - 1]);
  }
}
