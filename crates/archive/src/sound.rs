//! The sound of a whole track: one Ogg Opus stream out of its segments, in true time, and its loudness for drawing.

use crate::opus_packet;
use crate::segment::{Label, Pages, packets};
use crate::{RATE_HZ, TrackFacts};
use opus::{Channels, Decoder};
use std::path::Path;

/// Pages of one second: a browser can seek in it.
const PAGE_SAMPLES: u64 = RATE_HZ;

/// Time of one value of loudness.
pub const STEP_MS: u32 = 20;

/// Silence between two segments from this length on is put in, in milliseconds.
const PAUSE_MS: i64 = 5;

/// No more silence than this is put into one track, in milliseconds: a clock that was years away must not fill the memory.
/// What comes after it is heard earlier than it was said.
const FILL_MAX_MS: i64 = 4 * 3_600_000;

/// A packet of at most so many bytes says that its talker says nothing.
const QUIET_BYTES: usize = 2;

/// For so long an encoder sends all the same when nothing is said: 200 ms, and 60 ms for its first packets and its own delay.
const WAITED_SAMPLES: u64 = RATE_HZ * 260 / 1_000;

/// A quiet time shorter than this ends no sound: the recorder fills with pauses what was lost and is too short to be listed.
const QUIET_SAMPLES: u64 = RATE_HZ * 100 / 1_000;

/// A silent encoder sends one packet of at most this length now and then, to keep the noise of the room true.
const REFRESHED_SAMPLES: u64 = RATE_HZ * 20 / 1_000;

/// No segment of silence has more bytes than these: speech has three times as many for each second.
const SILENT_BYTES_MAX: u64 = 8_192;
const SILENT_BYTES_A_SECOND: u64 = 1_024;

/// The loudness of a track over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    /// Length of one value, in milliseconds.
    pub step_ms: u32,
    /// 0 (silence) to 255 (full scale) each.
    pub peaks: Vec<u8>,
}

/// A segment as it was read.
pub struct Read {
    /// Time of its first sample, UTC milliseconds.
    pub from_utc_ms: i64,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The packets of a track in true time, with their lengths in samples: what was between two segments is a pause.
pub fn in_time(segments: &[Read]) -> Vec<(Vec<u8>, u64)> {
    let mut all: Vec<(Vec<u8>, u64)> = Vec::new();
    let (mut from, mut samples, mut fill_ms) = (None, 0_u64, FILL_MAX_MS);
    let mut left_out_ms = 0;
    for segment in segments {
        let begins_ms = segment.from_utc_ms.saturating_sub(*from.get_or_insert(segment.from_utc_ms));
        let asked_ms = begins_ms.saturating_sub(left_out_ms) - i64::try_from(samples * 1_000 / RATE_HZ).unwrap_or(0);
        let read = packets(&segment.bytes);
        let pause_ms = asked_ms.min(fill_ms);
        left_out_ms += (asked_ms - pause_ms).max(0);
        if pause_ms >= PAUSE_MS {
            fill_ms -= pause_ms;
            let pause = u64::try_from(pause_ms).unwrap_or(0) * RATE_HZ / 1_000;
            all.extend(opus_packet::silence(pause));
            samples += pause;
        }
        samples += read.iter().map(|(_, length)| length).sum::<u64>();
        all.extend(read);
    }
    all
}

/// What is left of packets behind `skipped` samples, for `length` of them: whole packets, so that no syllable is cut off.
pub fn cut(packets: Vec<(Vec<u8>, u64)>, skipped: u64, length: Option<u64>) -> Vec<(Vec<u8>, u64)> {
    let end = length.map_or(u64::MAX, |length| skipped.saturating_add(length));
    let mut at = 0;
    let within = packets.into_iter().filter(|(_, samples)| {
        let begins = at;
        at += samples;
        at > skipped && begins < end
    });
    within.collect()
}

/// One Ogg Opus stream of a track.
pub fn stream(track: &TrackFacts, from_utc_ms: i64, packets: &[(Vec<u8>, u64)]) -> Vec<u8> {
    let mut pages = Pages::new(&Label { track, recording: None, from_utc_ms });
    let mut paged = 0;
    for (payload, samples) in packets {
        pages.packet(payload, *samples);
        if pages.samples() - paged >= PAGE_SAMPLES {
            pages.end_page();
            paged = pages.samples();
        }
    }
    pages.end_stream();
    pages.take()
}

/// The loudness of a track. A packet that cannot be decoded is silent.
pub fn peaks(packets: &[(Vec<u8>, u64)]) -> Peaks {
    let step = (RATE_HZ * u64::from(STEP_MS) / 1_000) as usize;
    let Ok(mut decoder) = Decoder::new(RATE_HZ as u32, Channels::Mono) else { return Peaks::default() };
    let mut samples = vec![0_f32; opus_packet::SAMPLES_MAX as usize];
    let (mut peaks, mut peak, mut filled) = (Vec::new(), 0_f32, 0);
    for (payload, length) in packets {
        let length = (*length as usize).min(samples.len());
        // A packet of one byte is a pause: it is concealed for as long as it says.
        let payload = if payload.len() == 1 { &[] } else { payload.as_slice() };
        if decoder.decode_float(payload, &mut samples[..length], false).is_err() {
            samples[..length].fill(0.0);
        }
        for sample in &samples[..length] {
            peak = peak.max(sample.abs());
            filled += 1;
            if filled == step {
                peaks.push((peak.min(1.0) * 255.0) as u8);
                (peak, filled) = (0.0, 0);
            }
        }
    }
    if filled > 0 {
        peaks.push((peak.min(1.0) * 255.0) as u8);
    }
    Peaks { step_ms: STEP_MS, peaks }
}

/// Whether somebody speaks in segment `number` of a track, or may: what a talker's encoder takes for silence it sends nothing of
/// (RFC 6716 section 2.1.9), after it has waited a while. The noise of a room that it does send counts as spoken, and so does a
/// file that cannot be read, or is too big for silence: no word is ever taken for silence.
pub fn is_spoken(path: &Path, number: u32, samples: u64, bytes: u64) -> bool {
    if bytes > SILENT_BYTES_MAX + SILENT_BYTES_A_SECOND * samples / RATE_HZ {
        return true;
    }
    let Ok(file) = std::fs::read(path) else { return true };
    let packets = packets(&file);
    // A file that is damaged does not say what was lost with it.
    packets.iter().map(|(_, length)| length).sum::<u64>() < samples || speaks(&packets, number)
}

/// Whether sound lasts for longer than an encoder waits. Sound that a segment's edge cuts may be the part of a word: there it
/// is enough that it is longer than what silence is refreshed with, which one of the two parts of any word is.
fn speaks(packets: &[(Vec<u8>, u64)], number: u32) -> bool {
    let (mut sounds, mut quiet, mut cut) = (0, 0, number > 1);
    for (payload, length) in packets {
        if payload.len() <= QUIET_BYTES {
            quiet += length;
            continue;
        }
        if quiet >= QUIET_SAMPLES {
            (sounds, cut) = (0, false);
        } else if sounds > 0 {
            sounds += quiet;
        }
        sounds += length;
        quiet = 0;
        if sounds > if cut { REFRESHED_SAMPLES } else { WAITED_SAMPLES } {
            return true;
        }
    }
    quiet < QUIET_SAMPLES && sounds > REFRESHED_SAMPLES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vm_2_a_passage_is_cut_to_whole_packets() {
        let packets: Vec<_> = (0..10).map(|n| (vec![n], 480)).collect();
        let cut = |skipped, length| cut(packets.clone(), skipped, length).into_iter().map(|(it, _)| it[0]).collect();
        let (middle, end): (Vec<u8>, Vec<u8>) = (cut(970, Some(960)), cut(4_000, None));
        assert_eq!((middle, end), (vec![2, 3, 4], vec![8, 9]));
    }

    #[test]
    fn a_clock_that_was_years_away_fills_no_memory() {
        let year_ms = 365 * 24 * 3_600_000;
        let read = |from_utc_ms| Read { from_utc_ms, bytes: Vec::new() };
        let filled: u64 = in_time(&[read(0), read(year_ms), read(2 * year_ms)]).iter().map(|(_, length)| length).sum();
        assert_eq!(filled, FILL_MAX_MS.unsigned_abs() * RATE_HZ / 1_000);
    }

    /// Packets of 20 ms, as many as a number says, of sound, then of pause, and so on in turn.
    fn packets_of(turns: &[usize]) -> Vec<(Vec<u8>, u64)> {
        let turn = |(place, count): (usize, &usize)| {
            let payload = if place % 2 == 0 { vec![0x78; 40] } else { vec![0xf8] };
            std::iter::repeat_n((payload, 960), *count)
        };
        turns.iter().enumerate().flat_map(turn).collect()
    }

    #[test]
    fn what_an_encoder_sends_of_silence_is_not_spoken() {
        assert!(!speaks(&packets_of(&[13, 20, 1, 20, 1, 20]), 1));
        assert!(!speaks(&packets_of(&[1, 20, 1, 20, 1]), 2));
    }

    #[test]
    fn a_short_word_of_which_a_few_packets_are_lost_is_spoken() {
        assert!(speaks(&packets_of(&[2, 20, 7, 2, 6, 20]), 1));
        assert!(!speaks(&packets_of(&[2, 20, 7, 5, 6, 20]), 1));
    }

    #[test]
    fn a_short_word_that_is_cut_by_the_end_of_a_segment_is_spoken() {
        assert!(speaks(&packets_of(&[2, 20, 7]), 1));
        assert!(speaks(&packets_of(&[2, 20, 7, 2]), 1));
        assert!(speaks(&packets_of(&[7, 20, 1, 20]), 2));
        assert!(speaks(&packets_of(&[0, 2, 7, 20, 1, 20]), 2));
        assert!(!speaks(&packets_of(&[7, 20, 1, 20]), 1));
    }
}
