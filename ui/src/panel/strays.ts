// Double presses. Law: whoever presses twice meant what was there first: what comes under the finger after the first press is
// not pressed by the second.

/** Two presses at one place within this time are a double press; so long, too, what has just come to a place is not pressed there. */
export const DOUBLE_MS = 500;
/** How far apart they may be. */
const NEAR_PX = 16;
// X11 sends a release before each repeat of a held key: a press that follows at once is a repeat.
const REPEAT_MS = 40;

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
  pointer(event: PointerEvent): boolean {
    const { clientX: x, clientY: y, timeStamp: at_ms } = event;
    this.#clickIsStray = this.#judge({ key: '', x, y, at_ms, on: pressable(event.target) });
    return this.#clickIsStray;
  }

  /** A click: the end of a pointer's press, or made by a key. */
  click(event: MouseEvent): boolean {
    return event.detail > 0 && this.#clickIsStray;
  }

  /** A key goes down. */
  key(event: KeyboardEvent): boolean {
    const repeat = event.repeat || event.timeStamp - this.#up_ms < REPEAT_MS;
    const press = { key: event.key, x: 0, y: 0, at_ms: event.timeStamp, on: pressable(document.activeElement) };
    if (repeat && this.#first?.key === event.key) this.#first.at_ms = event.timeStamp;
    return this.#judge(press);
  }

  /** A key comes up. */
  keyUp(event: KeyboardEvent): void {
    this.#up_ms = event.timeStamp;
  }

  #judge(press: Press): boolean {
    const first = this.#first;
    const double = first !== null && first.key === press.key && press.at_ms - first.at_ms < DOUBLE_MS
      && Math.hypot(press.x - first.x, press.y - first.y) <= NEAR_PX;
    if (double && first.on !== press.on) return true;
    this.#first = press;
    return false;
  }
}

const pressable = (target: EventTarget | null): Element | null => (target instanceof Element ? target.closest('button, [role="slider"], input, select') : null);
