// Double presses. Law: whoever presses twice meant what was there first: what has come under the finger since the first press is
// not pressed by the second. Where nothing came, every press counts.
import { REPEAT_GAP_MS } from './held';

/** How long what has come to a place takes no press there: longer than a double press lasts. */
export const SETTLE_MS = 500;
/** How far apart the presses of a double press may be. */
const NEAR_PX = 16;

interface Press {
  /** The key's name; of a pointer none. */
  key: string;
  x: number;
  y: number;
  at_ms: number;
  on: Element | null;
}

/** Watches the presses of one window, and tells the strays. */
export class Strays {
  #first: Press | null = null;
  #up_ms = -Infinity;
  #clickIsStray = false;

  /** A pointer goes down: true when its press belongs to something that is not there any more. */
  pointer(event: MouseEvent): boolean {
    const { clientX: x, clientY: y, timeStamp: at_ms } = event;
    this.#clickIsStray = this.#judge({ key: '', x, y, at_ms, on: pressable(event.target) });
    return this.#clickIsStray;
  }

  /** A click: the end of a pointer's press, or made by a key. */
  click(event: MouseEvent): boolean {
    return event.detail > 0 && this.#clickIsStray;
  }

  /** A key goes down: true when it is Enter or Space, and meant what had the focus before. */
  key(event: KeyboardEvent): boolean {
    const { key, timeStamp: at_ms } = event;
    if (key !== 'Enter' && key !== ' ') {
      this.#first = null;
      return false;
    }
    const repeats = event.repeat || at_ms - this.#up_ms < REPEAT_GAP_MS;
    if (repeats && this.#first?.key === key) this.#first.at_ms = at_ms;
    return this.#judge({ key, x: 0, y: 0, at_ms, on: pressable(document.activeElement) });
  }

  /** A key comes up. */
  keyUp(event: KeyboardEvent): void {
    this.#up_ms = event.timeStamp;
  }

  #judge(press: Press): boolean {
    const first = this.#first;
    const double = first !== null && first.key === press.key && press.at_ms - first.at_ms < SETTLE_MS
      && Math.hypot(press.x - first.x, press.y - first.y) <= NEAR_PX;
    if (double && first.on !== null && first.on !== press.on && hasLeft(first.on, first)) return true;
    this.#first = press;
    return false;
  }
}

const pressable = (target: EventTarget | null): Element | null => (target instanceof Element ? target.closest('button, [role="slider"], input, select') : null);

/** What was pressed is gone, or somewhere else. */
function hasLeft(what: Element, { key, x, y }: Press): boolean {
  if (!what.isConnected) return true;
  const box = what.getBoundingClientRect();
  return key === '' && (x < box.left || x > box.right || y < box.top || y > box.bottom);
}
