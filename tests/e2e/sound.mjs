// Sound cards that exist only for a test: named speakers and microphones in the session's PipeWire, and their ALSA names in
// a home folder of the test's own. Law: everything that is made here is taken away again.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { end, run, until } from './patience.mjs';
import { fromPcm, likeness, RATE_HZ } from './speech.mjs';

/** Longest sound that an ear keeps, in seconds. */
const KEPT_S = 60;

const MONO = ['channels=1', 'channel_map=mono'];

export class Sound {
  #modules = [];
  /** What each card is made of, and which module it is while it is plugged. */
  #cards = new Map();
  #alsa = '';
  #running = [];

  /** `home` is the folder that programs under test get as HOME. */
  constructor(home) {
    this.home = home;
  }

  async #load(...args) {
    const module = await run('pactl', ['load-module', ...args]);
    this.#modules.push(module);
    return module;
  }

  #name(name, plugin) {
    this.#alsa += `pcm.${name} { type ${plugin} hint { show on description "${name}" } }\n`;
    writeFileSync(join(this.home, '.asoundrc'), this.#alsa);
  }

  /** Adds a speaker. */
  async speaker(name) {
    this.#cards.set(name, { made: ['module-null-sink', `sink_name=${name}`, ...MONO] });
    await this.plug(name);
    this.#name(name, `pipewire playback_node "${name}"`);
    return name;
  }

  /** Adds a microphone. */
  async microphone(name) {
    await this.#load('module-null-sink', `sink_name=${name}-feed`, ...MONO);
    const heard = [`master=${name}-feed.monitor`, ...MONO, 'master_channel_map=mono'];
    this.#cards.set(name, { made: ['module-remap-source', `source_name=${name}`, ...heard] });
    await this.plug(name);
    this.#name(name, `pipewire capture_node "${name}"`);
    return name;
  }

  /** Plugs a speaker or a microphone in, for the first time or again. */
  async plug(name) {
    const card = this.#cards.get(name);
    card.module = await this.#load(...card.made);
  }

  /** Makes a microphone the system's. */
  async makeDefault(name) {
    await run('pactl', ['set-default-source', name]);
  }

  /** Makes a speaker the system's. */
  async makeDefaultSpeaker(name) {
    await run('pactl', ['set-default-sink', name]);
  }

  /** Pulls a speaker or a microphone out. */
  async unplug(name) {
    const { module } = this.#cards.get(name);
    this.#modules = this.#modules.filter((other) => other !== module);
    await run('pactl', ['unload-module', module]);
  }

  /** Says a WAV file into a microphone, over and over until the answer is called. */
  say(microphone, wav) {
    let child = null;
    let silent = false;
    const again = () => {
      child = spawn('pw-play', ['--target', `${microphone}-feed`, wav], { stdio: 'ignore' });
      child.once('exit', (code) => !silent && code === 0 && again());
    };
    again();
    const hush = async () => {
      silent = true;
      await end(child);
    };
    this.#running.push(hush);
    return hush;
  }

  /** Listens at a speaker from now on. */
  async ear(speaker) {
    const form = ['--raw', '--format=s16le', `--rate=${RATE_HZ}`, '--channels=1', '--latency-msec=20'];
    const child = spawn('parec', [`--device=${speaker}.monitor`, ...form], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ear = new Ear(child);
    this.#running.push(() => end(child));
    await until(`the ear at ${speaker} listens`, () => ear.seconds > 0);
    return ear;
  }

  /** Takes everything away. */
  async close() {
    for (const stop of this.#running.reverse()) await stop();
    // The cards go with the session's own sound server, which may have ended before.
    for (const module of this.#modules.reverse()) await run('pactl', ['unload-module', module]).catch(() => {});
  }
}

/** What is heard at a speaker. */
class Ear {
  #chunks = [];
  #bytes = 0;

  constructor(child) {
    child.stdout.on('data', (bytes) => {
      this.#chunks.push(bytes);
      this.#bytes += bytes.length;
      while (this.#bytes > KEPT_S * RATE_HZ * 2) this.#bytes -= this.#chunks.shift().length;
    });
  }

  get seconds() {
    return this.#bytes / 2 / RATE_HZ;
  }

  /** The last `KEPT_S` seconds. */
  get samples() {
    return fromPcm(Buffer.concat(this.#chunks));
  }

  /** Forgets what it has heard. */
  clear() {
    this.#chunks = [];
    this.#bytes = 0;
  }

  /** Waits until it has heard `said` at least as surely as `surely`, and gives how surely. */
  async hears(said, surely, deadline_ms = 30_000) {
    let best = 0;
    let judged_s = 0;
    const what = () => `these words are heard (likeness ${best.toFixed(2)} of ${surely}, ${this.seconds.toFixed(0)} s heard)`;
    try {
      return await until('', () => {
        if (this.seconds < judged_s + 1) return null;
        judged_s = this.seconds;
        best = Math.max(best, likeness(said, this.samples));
        return best >= surely ? best : null;
      }, deadline_ms);
    } catch {
      throw new Error(`waited in vain until ${what()}`);
    }
  }
}
