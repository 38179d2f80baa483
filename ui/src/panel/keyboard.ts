// The panel's keyboard: arrows between keys, F6 between zones, Enter answers, Esc closes every microphone.
import type { PanelStore } from './store.svelte';

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

/** Acts on a key that no component took. A button reached by keyboard keeps its own Enter. */
export function handleKey(event: KeyboardEvent, store: PanelStore, showShortcuts: (on: boolean) => void): void {
  if (event.ctrlKey || event.altKey || event.metaKey || !store.loggedOn) return;
  const writing = event.target instanceof HTMLInputElement;
  switch (event.key) {
    case 'Escape':
      showShortcuts(false);
      return store.send({ intent: 'close_all' });
    case 'F6':
      event.preventDefault();
      return moveZone(event.shiftKey);
    case 'ArrowUp': case 'ArrowDown': case 'ArrowLeft': case 'ArrowRight':
      if (writing) return;
      event.preventDefault();
      return moveFocus(event.key);
    case 'Enter':
      if (writing || document.activeElement?.matches('button:focus-visible')) return;
      event.preventDefault();
      return store.answer(store.incoming[0]);
    case '/':
      if (writing) return;
      event.preventDefault();
      return document.getElementById('find')?.focus();
    case '?':
      return writing ? undefined : showShortcuts(true);
    default:
      if (!writing && /^[1-9]$/.test(event.key)) store.answer(store.incoming[Number(event.key) - 1]);
  }
}
