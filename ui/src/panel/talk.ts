// The gesture of a talk key. Law: whatever happens to pointer, keyboard or window, a key that is no longer held is shut;
// only a deliberate tap, a second press or `L` leaves a microphone open, and only the turret decides whether it may.
import type { TalkView } from '../generated/TalkView';

const TAP_MS = 250;
const DOUBLE_MS = 400;

/** What a gesture asks for. */
export interface TalkWish {
  on: boolean;
  latched: boolean;
}

export class TalkGesture {
  #held = false;
  #since_ms = 0;
  #released_ms = -Infinity;
  #second = false;

  constructor(
    private readonly state: () => TalkView,
    private readonly send: (wish: TalkWish) => void,
  ) {}

  /** The key is held down now. */
  get held(): boolean {
    return this.#held;
  }

  /** Finger, mouse or keyboard went down. */
  down(now_ms: number): void {
    if (this.#held) return;
    const state = this.state();
    if (state === 'latched') return this.send({ on: false, latched: false });
    // A press on a silent latch says "I am still here".
    if (state === 'closing') return this.send({ on: true, latched: true });
    this.#held = true;
    this.#since_ms = now_ms;
    this.#second = now_ms - this.#released_ms < DOUBLE_MS;
    this.send({ on: true, latched: false });
  }

  /** It was let go. */
  up(now_ms: number): void {
    if (!this.#held) return;
    this.#held = false;
    this.#released_ms = now_ms;
    const short = now_ms - this.#since_ms < TAP_MS;
    const latch = (short || this.#second) && this.mayLatch();
    this.send(latch ? { on: true, latched: true } : { on: false, latched: false });
  }

  /** The pointer was taken away, or the window lost focus or sight. */
  cancel(): void {
    if (!this.#held) return;
    this.#held = false;
    this.send({ on: false, latched: false });
  }

  /** `L`: latches, or ends a latch. */
  latch(): void {
    this.#held = false;
    const latched = this.state() === 'latched';
    this.send({ on: !latched, latched: !latched });
  }

  private mayLatch(): boolean {
    switch (this.state()) {
      case 'closed': case 'open': case 'latched': case 'closing': return true;
      case 'refused': case 'listen_only': case 'no_device': case 'stale': return false;
    }
  }
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

/** What a held button does. */
interface Held {
  down(now_ms: number): void;
  up(now_ms: number): void;
  cancel(): void;
  latch?(): void;
}

/** Binds Signal on a line to a button. */
export function signalKey(line: () => string | null, send: (line: string, on: boolean) => void): (node: HTMLElement) => () => void {
  const signal = new SignalGesture();
  return talkKey({ down: () => signal.press(line(), send), up: () => signal.end(), cancel: () => signal.end() });
}

// X11 sends a release before each repeat of a held key: a release counts when no press follows within this time.
const REPEAT_GAP_MS = 40;

/** Binds a gesture to a button: pointer, Space and Enter hold; `L` latches; anything that takes the hold away shuts it. */
export function talkKey(gesture: Held): (node: HTMLElement) => () => void {
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
