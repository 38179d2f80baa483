// The panel's keyboard: arrows between keys, F6 between zones, Enter answers, F2 to F8 act on a call, F9 locks, Esc closes every microphone.
import type { PositionView } from '../generated/PositionView';
import { REPEAT_GAP_MS, SignalGesture } from './held';
import { positionWord } from './lamps';
import type { PanelStore } from './store.svelte';
import { SETTLE_MS } from './strays';

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
  (next?.querySelector<HTMLElement>('.key[data-nav], .talk[data-nav]') ?? next?.querySelector<HTMLElement>('[data-nav]:not(:disabled)'))?.focus();
}

/** The call that a key acts on: that of the position, or of the line's key, with the focus, else the only one. Never a guess among several. */
function callInHand(store: PanelStore): PositionView | null {
  const calls = store.positions.filter((at) => at.line !== null);
  const focus = document.activeElement;
  const line = focus?.closest<HTMLElement>('[data-line]')?.dataset.line;
  const focused = focus?.closest<HTMLElement>('[data-position]')?.dataset.position ?? calls.find((at) => at.line === line)?.position;
  const call = focused ? calls.find((at) => at.position === focused) : calls.length === 1 ? calls[0] : undefined;
  if (call) return call;
  const [what, then] = calls.length === 0 ? ['No call is here.', 'Press a line’s key first.']
    : focused ? ['No call is on this position.', 'Go to one that has a call with F6, and press again.']
    : [`Calls are on ${calls.map((at) => positionWord[at.position]).join(' and ')}.`, 'Go to one of them with F6, and press again.'];
  store.message = { line: null, what, then, refused: true };
  return null;
}

/** Whoever moves by keys sees where they are, though the pointer was last: browsers show no ring then. */
function showRing(on: boolean): void {
  if (on) document.documentElement.dataset.ring = '';
  else delete document.documentElement.dataset.ring;
}

const isReachedByKey = (element: Element | null): boolean =>
  element?.matches(':focus-visible, [data-ring] :focus') === true && element.matches('button, [role="slider"]');

/** The keyboard of one panel. */
export class Keyboard {
  #signal = new SignalGesture();
  #release = 0;
  // One press acts once, however long it is held and though it was pressed twice: the second might meet another call.
  #acted = { key: '', at_ms: -Infinity, up_ms: -Infinity };

  constructor(
    private readonly store: PanelStore,
    private readonly showShortcuts: () => void,
  ) {}

  /** A key goes down that no component took. What is reached by keyboard keeps its own Enter. */
  down(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.store.loggedOn) return;
    const writing = event.target instanceof HTMLInputElement;
    // Enter presses the button of a dialog, and answers nothing.
    const asked = document.activeElement?.closest('[role="dialog"]') instanceof Element;
    this.store.stillHere();
    switch (event.key) {
      case 'Escape': return this.store.send({ intent: 'close_all' });
      case 'F2': case 'F3': case 'F4': case 'F7': case 'F8':
        event.preventDefault();
        return this.#actOnCall(event);
      case 'F9':
        event.preventDefault();
        return this.store.send({ intent: 'lock' });
      case 'F6':
        event.preventDefault();
        showRing(true);
        return moveZone(event.shiftKey);
      case 'ArrowUp': case 'ArrowDown': case 'ArrowLeft': case 'ArrowRight':
        if (writing) return;
        event.preventDefault();
        showRing(true);
        return moveFocus(event.key);
      case 'Enter':
        if (writing || asked || isReachedByKey(document.activeElement)) return;
        event.preventDefault();
        return this.store.answer(this.store.incoming[0]);
      case '/':
        if (writing) return;
        event.preventDefault();
        return document.getElementById('find')?.focus();
      case 'd': case 'D':
        if (writing || asked || !this.store.header?.dial.can) return;
        event.preventDefault();
        this.store.dialog = 'dial';
        return;
      case '?': return writing ? undefined : this.showShortcuts();
      default:
        if (writing || asked) return;
        // Digits are dialled while a line waits for them, and answer nothing.
        if (/^[0-9*#]$/.test(event.key) && this.store.positions.some((at) => at.dialling)) return this.store.send({ intent: 'dial', digits: event.key, position: null });
        if (/^[1-9]$/.test(event.key)) this.store.answer(this.store.incoming[Number(event.key) - 1]);
    }
  }

  /** A key comes up. */
  up(event: KeyboardEvent): void {
    if (event.key === this.#acted.key) this.#acted.up_ms = event.timeStamp;
    if (event.key === 'F8') this.#release = window.setTimeout(() => this.#signal.end(), REPEAT_GAP_MS);
  }

  /** A pointer is used: what it presses needs no ring. */
  pointer(): void {
    showRing(false);
  }

  /** The window has lost the keyboard. */
  leave(): void {
    this.#signal.end();
  }

  #actOnCall(event: KeyboardEvent): void {
    if (event.key === 'F8') window.clearTimeout(this.#release);
    else if (this.#actsAgain(event)) return;
    const { store } = this;
    const call = callInHand(store);
    if (!call) return;
    const { position } = call;
    this.#acted = { key: event.key, at_ms: event.timeStamp, up_ms: -Infinity };
    const cannot = (what: string, then: string) => { store.message = { line: call.line, what, then, refused: true }; };
    switch (event.key) {
      case 'F2': return call.can_hold ? store.send({ intent: 'hold', position, exclusive: event.shiftKey }) : cannot('This call cannot be held.', 'Release it, or stay on it.');
      case 'F3': return store.toggleMute(call);
      case 'F4': return store.send({ intent: 'release', position });
      case 'F7': return event.shiftKey ? store.openMove(call.line ?? '') : call.can_private ? store.send({ intent: 'private', position, on: !call.private }) : cannot('Nobody gets into this call.', 'It needs no privacy.');
      case 'F8': return call.can_signal ? this.#signal.press(call.line, (line, on) => store.send({ intent: 'signal', line, on }))
        : cannot('This line has no Signal.', 'It rings by itself when it is pressed.');
    }
  }

  #actsAgain(event: KeyboardEvent): boolean {
    const acted = this.#acted;
    const repeats = event.repeat || event.timeStamp - acted.up_ms < REPEAT_GAP_MS;
    if (acted.key !== event.key || !(repeats || event.timeStamp - acted.at_ms < SETTLE_MS)) return false;
    if (repeats) acted.at_ms = event.timeStamp;
    return true;
  }
}
