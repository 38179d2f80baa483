// The switch's clock, one tick a second for every timer of the window.

export class Clock {
  /** UTC milliseconds by the switch's clock. */
  now_utc_ms = $state(0);
  #offset_ms = 0;
  #read: () => number;

  constructor(read: () => number = Date.now) {
    this.#read = read;
    this.now_utc_ms = read();
  }

  /** Takes over the difference to the switch's clock. */
  setOffset(offset_ms: number): void {
    this.#offset_ms = offset_ms;
    this.tick();
  }

  /** Reads the clock once. */
  tick(): void {
    this.now_utc_ms = this.#read() + this.#offset_ms;
  }

  /** Ticks at every full second until the returned function is called. */
  run(): () => void {
    let timer = 0;
    const next = () => {
      this.tick();
      timer = window.setTimeout(next, 1005 - (this.now_utc_ms % 1000));
    };
    next();
    return () => window.clearTimeout(timer);
  }
}
