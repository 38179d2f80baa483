// Whether heard sound holds certain words. Law: silence, noise and other words score low at every place; loudness, the
// codec and a clock that runs a little off do not matter, because loudness in bands of pitch is compared and not the wave.
import { readFileSync } from 'node:fs';

/** Samples in a second, everywhere in these tests. */
export const RATE_HZ = 48_000;

/** At and above this likeness the words were heard. */
export const HEARD = 0.7;

const HOP = 480;
const WINDOW = 1_024;
const BANDS = 18;
const LOW_HZ = 250;
const HIGH_HZ = 5_000;
/** Weaker than this against the loudest band counts as nothing (10^-4: 40 dB). */
const FLOOR = 1e-4;
/** Mean band power below which a recording counts as silent. */
const SILENT = 1e-3;
/** Length of the stretch that is looked for, in frames of 10 ms. */
const STRETCH = 250;

/** Reads a 16-bit mono WAV file of 48 kHz: samples from -1 to 1. */
export function readWav(path) {
  const bytes = readFileSync(path);
  const start = bytes.indexOf('data') + 8;
  if (bytes.readUInt32LE(24) !== RATE_HZ || bytes.readUInt16LE(22) !== 1) throw new Error(`${path} is not 48 kHz mono`);
  return fromPcm(bytes.subarray(start));
}

/** Samples of 16-bit little-endian PCM. */
export function fromPcm(bytes) {
  const samples = new Float32Array(bytes.length >> 1);
  for (let at = 0; at < samples.length; at += 1) samples[at] = bytes.readInt16LE(at * 2) / 32_768;
  return samples;
}

/** Radix-2 Fourier transform in place. */
function transform(re, im) {
  const size = re.length;
  for (let at = 1, mirror = 0; at < size; at += 1) {
    let bit = size >> 1;
    for (; mirror & bit; bit >>= 1) mirror ^= bit;
    mirror ^= bit;
    if (at < mirror) [re[at], re[mirror], im[at], im[mirror]] = [re[mirror], re[at], im[mirror], im[at]];
  }
  for (let length = 2; length <= size; length *= 2) {
    const half = length / 2;
    for (let step = 0; step < half; step += 1) {
      const cos = Math.cos((-2 * Math.PI * step) / length);
      const sin = Math.sin((-2 * Math.PI * step) / length);
      for (let at = step; at < size; at += length) {
        const other = at + half;
        const [r, i] = [re[other] * cos - im[other] * sin, re[other] * sin + im[other] * cos];
        [re[other], im[other]] = [re[at] - r, im[at] - i];
        [re[at], im[at]] = [re[at] + r, im[at] + i];
      }
    }
  }
}

/** Power in each band, one row for each 10 ms. */
function powers(samples) {
  const rows = [];
  const edge = (band) => Math.round((LOW_HZ * (HIGH_HZ / LOW_HZ) ** (band / BANDS) * WINDOW) / RATE_HZ);
  for (let from = 0; from + WINDOW <= samples.length; from += HOP) {
    const re = Float64Array.from({ length: WINDOW }, (_, at) => samples[from + at] * (0.5 - 0.5 * Math.cos((2 * Math.PI * at) / WINDOW)));
    const im = new Float64Array(WINDOW);
    transform(re, im);
    const row = new Float64Array(BANDS);
    for (let band = 0; band < BANDS; band += 1) {
      const last = Math.max(edge(band + 1), edge(band) + 1);
      for (let bin = edge(band); bin < last; bin += 1) row[band] += (re[bin] ** 2 + im[bin] ** 2) / (last - edge(band));
    }
    rows.push(row);
  }
  return rows;
}

/** `count` rows from `from` as one vector of loudness, each band around its own mean; none when nothing sounds there. */
function shape(rows, from, count) {
  let loudest = 0;
  for (let at = 0; at < count; at += 1) for (const power of rows[from + at]) loudest = Math.max(loudest, power);
  if (loudest < SILENT) return null;
  const vector = new Float64Array(count * BANDS);
  for (let band = 0; band < BANDS; band += 1) {
    let sum = 0;
    for (let at = 0; at < count; at += 1) sum += vector[at * BANDS + band] = Math.log10(rows[from + at][band] / loudest + FLOOR);
    for (let at = 0; at < count; at += 1) vector[at * BANDS + band] -= sum / count;
  }
  return vector;
}

function cosine(a, b) {
  let [product, left, right] = [0, 0, 0];
  for (let at = 0; at < a.length; at += 1) {
    product += a[at] * b[at];
    left += a[at] ** 2;
    right += b[at] ** 2;
  }
  return left > 0 && right > 0 ? product / Math.sqrt(left * right) : 0;
}

/** How surely `heard` holds the loudest stretch of `said`: near 1 for a copy, about 0.4 at most for other words. */
export function likeness(said, heard) {
  const wanted = powers(said);
  const rows = powers(heard);
  const count = Math.min(STRETCH, wanted.length);
  const energy = (from) => wanted.slice(from, from + count).reduce((sum, row) => sum + row.reduce((a, b) => a + b), 0);
  let loudest = 0;
  for (let from = 0; from + count <= wanted.length; from += 10) if (energy(from) > energy(loudest)) loudest = from;
  const phrase = shape(wanted, loudest, count);
  let best = 0;
  for (let from = 0; phrase && from + count <= rows.length; from += 1) {
    const there = shape(rows, from, count);
    if (there) best = Math.max(best, cosine(phrase, there));
  }
  return best;
}
