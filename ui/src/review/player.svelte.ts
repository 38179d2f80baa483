// Plays all tracks of a recording in step on its UTC axis: one <audio> element per track, made shortly before the cursor reaches it, started there, pulled
// back when it drifts, and let go when it is past. The cursor follows a track that sounds; between tracks it follows the clock.
import type { Track } from '../generated/review/Track';
import type { Axis } from './axis';
import { endOf } from './lanes';

const DRIFT_S = 0.08;
const HAVE_FUTURE_DATA = 3;

/** A track is fetched so long before the cursor reaches it. */
const AHEAD_MS = 3000;

interface Voice {
  track: Track;
  audio: HTMLAudioElement;
}

/** Lets a voice go: a page may have only so many players. */
function release({ audio }: Voice): void {
  audio.pause();
  audio.removeAttribute('src');
  audio.load();
}

export class Player {
  /** The cursor, UTC milliseconds. */
  at_utc_ms = $state(0);
  playing = $state(false);
  /** Playing, and the sound at the cursor is not there yet. */
  loading = $state(false);
  /** One sentence when a track cannot be played. */
  trouble = $state('');
  #voices: Voice[] = [];
  #tracks: Track[];
  #address: (track: Track) => string;
  #axis: Axis;
  #frame = 0;
  #last_ms = 0;

  constructor(axis: Axis, tracks: Track[], address: (track: Track) => string) {
    this.#axis = axis;
    this.at_utc_ms = axis.from;
    this.#tracks = tracks.filter((track) => track.length_ms > 0);
    this.#address = address;
  }

  /** Sound is fetched when somebody is about to hear it, and not before: who has heard what is evidence. What is heard now comes before what is heard next. */
  #open(): void {
    const near = (track: Track, ahead_ms: number) => track.started_utc_ms <= this.at_utc_ms + ahead_ms && endOf(track) > this.at_utc_ms;
    const gone = this.#voices.filter(({ track }) => !near(track, 2 * AHEAD_MS));
    gone.forEach(release);
    this.#voices = this.#voices.filter((voice) => !gone.includes(voice));
    const open = (ahead_ms: number) => {
      const missing = this.#tracks.filter((track) => near(track, ahead_ms) && !this.#voices.some((voice) => voice.track === track));
      this.#voices.push(...missing.map((track) => this.#voice(track)));
    };
    open(0);
    if (!this.#voices.some((voice) => this.#waits(voice))) open(AHEAD_MS);
  }

  #voice(track: Track): Voice {
    const audio = new Audio(this.#address(track));
    audio.preload = 'auto';
    audio.addEventListener('error', () => {
      if (audio.getAttribute('src') !== null) this.trouble = `The sound of ${track.talker.name} cannot be played.`;
    });
    return { track, audio };
  }

  play(): void {
    if (this.playing) return;
    if (this.at_utc_ms >= this.#axis.to) this.at_utc_ms = this.#axis.from;
    this.playing = true;
    this.#last_ms = performance.now();
    this.#step(this.#last_ms);
  }

  pause(): void {
    [this.playing, this.loading] = [false, false];
    cancelAnimationFrame(this.#frame);
    for (const { audio } of this.#voices) audio.pause();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Moves the cursor. */
  seek(utc_ms: number): void {
    this.at_utc_ms = Math.min(this.#axis.to, Math.max(this.#axis.from, utc_ms));
    for (const voice of this.#voices) if (!voice.audio.paused || this.#inside(voice)) voice.audio.currentTime = Math.max(0, this.#place(voice));
  }

  /** Ends for good. */
  close(): void {
    this.pause();
    this.#voices.forEach(release);
    this.#voices = [];
  }

  #place({ track }: Voice): number {
    return (this.at_utc_ms - track.started_utc_ms) / 1000;
  }

  #inside(voice: Voice): boolean {
    const place = this.#place(voice);
    return place >= 0 && place < voice.track.length_ms / 1000;
  }

  #waits(voice: Voice): boolean {
    return this.#inside(voice) && !voice.audio.ended && voice.audio.readyState < HAVE_FUTURE_DATA && voice.audio.error === null;
  }

  #step = (now_ms: number): void => {
    if (!this.playing) return;
    this.#open();
    this.#advance(now_ms);
    for (const voice of this.#voices) this.#follow(voice);
    if (this.at_utc_ms >= this.#axis.to) return this.pause();
    this.#frame = requestAnimationFrame(this.#step);
  };

  #advance(now_ms: number): void {
    const lead = this.#voices.find((voice) => !voice.audio.paused && !voice.audio.ended && voice.audio.readyState >= HAVE_FUTURE_DATA && this.#inside(voice));
    const waits = this.#voices.some((voice) => this.#waits(voice));
    if (lead) {
      const heard = lead.track.started_utc_ms + lead.audio.currentTime * 1000;
      this.at_utc_ms = Math.max(this.at_utc_ms, heard);
    } else if (!waits) {
      this.at_utc_ms += now_ms - this.#last_ms;
    }
    this.loading = waits && !lead;
    this.#last_ms = now_ms;
  }

  #follow(voice: Voice): void {
    const { audio } = voice;
    if (!this.#inside(voice) || audio.ended || audio.error !== null) return audio.paused ? undefined : audio.pause();
    if (Math.abs(audio.currentTime - this.#place(voice)) > DRIFT_S && !audio.seeking) audio.currentTime = this.#place(voice);
    if (audio.paused) {
      audio.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'AbortError') return;
        this.trouble = 'The browser does not let this page play sound. Press play again.';
        this.pause();
      });
    }
  }
}
