// Plays all tracks of a recording in step on its UTC axis: one <audio> element per track, made at the first press of play, started when the cursor reaches
// it and pulled back when it drifts. The cursor follows a track that sounds; between tracks it follows the clock.
import type { TrackLane } from '../generated/review/TrackLane';
import type { Axis } from './axis';

const DRIFT_S = 0.08;

interface Voice {
  lane: TrackLane;
  audio: HTMLAudioElement;
}

export class Player {
  /** The cursor, UTC milliseconds. */
  at_utc_ms = $state(0);
  playing = $state(false);
  /** One sentence when a track cannot be played. */
  trouble = $state('');
  #voices: Voice[] = [];
  #lanes: TrackLane[];
  #address: (lane: TrackLane) => string;
  #axis: Axis;
  #frame = 0;
  #last_ms = 0;

  constructor(axis: Axis, lanes: TrackLane[], address: (lane: TrackLane) => string) {
    this.#axis = axis;
    this.at_utc_ms = axis.from;
    this.#lanes = lanes.filter((lane) => lane.length_ms > 0);
    this.#address = address;
  }

  /** Sound is fetched when somebody wants to hear it, and not before: who has heard what is evidence. */
  #open(): void {
    if (this.#voices.length > 0) return;
    this.#voices = this.#lanes.map((lane) => {
      const audio = new Audio(this.#address(lane));
      audio.preload = 'auto';
      audio.addEventListener('error', () => { this.trouble = `The sound of ${lane.talker.name} cannot be played.`; });
      return { lane, audio };
    });
  }

  play(): void {
    if (this.playing) return;
    this.#open();
    if (this.at_utc_ms >= this.#axis.to) this.at_utc_ms = this.#axis.from;
    this.playing = true;
    this.#last_ms = performance.now();
    this.#step(this.#last_ms);
  }

  pause(): void {
    this.playing = false;
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
    for (const { audio } of this.#voices) audio.removeAttribute('src');
  }

  #place({ lane }: Voice): number {
    return (this.at_utc_ms - lane.started_utc_ms) / 1000;
  }

  #inside(voice: Voice): boolean {
    const place = this.#place(voice);
    return place >= 0 && place < voice.lane.length_ms / 1000;
  }

  #step = (now_ms: number): void => {
    if (!this.playing) return;
    this.#advance(now_ms);
    for (const voice of this.#voices) this.#follow(voice);
    if (this.at_utc_ms >= this.#axis.to) return this.pause();
    this.#frame = requestAnimationFrame(this.#step);
  };

  #advance(now_ms: number): void {
    const lead = this.#voices.find((voice) => !voice.audio.paused && !voice.audio.ended && voice.audio.readyState >= 3 && this.#inside(voice));
    const waits = this.#voices.some((voice) => this.#inside(voice) && !voice.audio.ended && voice.audio.readyState < 3 && voice.audio.error === null);
    if (lead) {
      const heard = lead.lane.started_utc_ms + lead.audio.currentTime * 1000;
      this.at_utc_ms = Math.max(this.at_utc_ms, heard);
    } else if (!waits) {
      this.at_utc_ms += now_ms - this.#last_ms;
    }
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
