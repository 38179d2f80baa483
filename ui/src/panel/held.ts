// Buttons that act for as long as they are held: talk keys and Signal. Law: whatever happens to pointer, keyboard or window, what
// is no longer held is let go.

/** What a held button does. */
interface Held {
  down(now_ms: number): void;
  up(now_ms: number): void;
  cancel(): void;
  latch?(): void;
}

/** X11 sends a release before each repeat of a held key: a release counts when no press follows within this time. */
export const REPEAT_GAP_MS = 40;

/** Binds what is held to a button: pointer, Space and Enter hold; `L` latches; anything that takes the hold away shuts it. */
export function heldKey(gesture: Held): (node: HTMLElement) => () => void {
  return (node) => {
    let release = 0;
    const stop = new AbortController();
    const on = <E extends Event>(target: EventTarget, name: string, act: (event: E) => void) =>
      target.addEventListener(name, act as EventListener, { signal: stop.signal });
    const cancel = () => {
      window.clearTimeout(release);
      gesture.cancel();
    };
    on<PointerEvent>(node, 'pointerdown', (event) => {
      if (event.button !== 0) return;
      node.setPointerCapture?.(event.pointerId);
      gesture.down(event.timeStamp);
    });
    on<PointerEvent>(node, 'pointerup', (event) => gesture.up(event.timeStamp));
    on(node, 'pointercancel', cancel);
    on(node, 'lostpointercapture', cancel);
    on(node, 'blur', cancel);
    on(window, 'blur', cancel);
    on(document, 'visibilitychange', cancel);
    on<Event>(node, 'contextmenu', (event) => event.preventDefault());
    on<KeyboardEvent>(node, 'keydown', (event) => {
      if (event.key === 'l' || event.key === 'L') return gesture.latch?.();
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      event.stopPropagation();
      window.clearTimeout(release);
      if (!event.repeat) gesture.down(event.timeStamp);
    });
    on<KeyboardEvent>(node, 'keyup', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      const let_go_ms = event.timeStamp;
      release = window.setTimeout(() => gesture.up(let_go_ms), REPEAT_GAP_MS);
    });
    return () => {
      cancel();
      stop.abort();
    };
  };
}

/** Signal on an MRD: it rings the far end for as long as it is held. */
export class SignalGesture {
  #end: (() => void) | null = null;

  /** It is held on this line. */
  press(line: string | null, send: (line: string, on: boolean) => void): void {
    if (line === null || this.#end) return;
    this.#end = () => send(line, false);
    send(line, true);
  }

  /** It was let go, or is not held any more: on the line that it was pressed on. */
  end(): void {
    this.#end?.();
    this.#end = null;
  }
}

/** Binds Signal on a line to a button. */
export function signalKey(line: () => string | null, send: (line: string, on: boolean) => void): (node: HTMLElement) => () => void {
  const signal = new SignalGesture();
  return heldKey({ down: () => signal.press(line(), send), up: () => signal.end(), cancel: () => signal.end() });
}
