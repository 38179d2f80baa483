// The loudness of a recording's tracks, to be drawn: asked for one track after another, because the switch makes one at a time and a browser has few
// connections, and not while sound is waited for. What was asked for is asked for again only when there is more of it.
import { SvelteMap } from 'svelte/reactivity';
import type { Peaks } from '../generated/review/Peaks';
import type { Track } from '../generated/review/Track';

type Ask = (track: number, byItself: boolean, until: AbortSignal) => Promise<Peaks>;

export class Loudness {
  /** The peaks of each track as they were loaded last. */
  readonly peaks = new SvelteMap<number, number[]>();
  #ask: Ask;
  /** The length of each track when it was asked for. */
  #asked = new Map<number, number>();
  #waiting: Track[] = [];
  #byItself = false;
  #held = false;
  #isAsking = false;
  #until = new AbortController();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** These are the tracks as they are now; the page has loaded them by itself or not. */
  want(tracks: Track[], byItself: boolean): void {
    this.#waiting = tracks.filter(({ track, length_ms }) => length_ms > 0 && this.#asked.get(track) !== length_ms);
    this.#byItself = byItself;
    void this.#askOn();
  }

  /** Nothing more is asked for while sound is waited for. */
  hold(on: boolean): void {
    this.#held = on;
    void this.#askOn();
  }

  /** Ends for good, also what is under way. */
  close(): void {
    this.#waiting = [];
    this.#until.abort();
  }

  async #askOn(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    for (let next; !this.#held && (next = this.#waiting.shift()); ) {
      this.#asked.set(next.track, next.length_ms);
      const loaded = await this.#ask(next.track, this.#byItself, this.#until.signal).catch(() => null);
      if (loaded) this.peaks.set(next.track, loaded.peaks);
    }
    this.#isAsking = false;
  }
}
