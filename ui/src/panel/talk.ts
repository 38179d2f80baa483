// The gesture of a talk key. Law: whatever happens to pointer, keyboard or window, a key that is no longer held is shut;
// only `L`, or a tap or press where the floor's `talk.mode` says so, leaves a microphone open, and only the turret decides whether it may.
import type { TalkMode } from '../generated/TalkMode';
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
    private readonly mode: () => TalkMode = () => 'both',
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
    if (this.mode() === 'latched') return this.send({ on: true, latched: true });
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
    const latch = this.mode() === 'both' && (short || this.#second) && this.mayLatch();
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
