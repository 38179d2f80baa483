//! Tones: made at the turret, from a table of beats.

use crate::RATE_HZ;

/// A tone of the turret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The far end rings; goes on until stopped.
    Ringback,
    /// A line waits for a number; goes on until stopped.
    Dial,
    /// Whom one calls is in other calls; goes on until stopped.
    Busy,
    /// A call does not come about; goes on until stopped.
    Fail,
    /// A line rings with high priority; goes on until stopped.
    RingHigh,
    /// A line rings with low priority; goes on until stopped.
    RingLow,
    /// An intercom begins.
    Splash,
    /// Somebody joined, a call waits.
    Beep,
    /// A microphone stays shut.
    Blocking,
    /// A held call waits.
    Reminder,
    /// A microphone was closed, or will be.
    Warning,
    /// A supervisor enters a call.
    Override,
    /// What is said from now on is a message.
    Message,
    /// The greeting of a voicemail: words, no tone.
    Greeting,
}

/// 48 kHz, mono, 16 bits.
static GREETING: &[u8] = include_bytes!("../../../assets/voices/voicemail-greeting.wav");

/// Bytes before the samples of a WAV file.
const HEADER: usize = 44;

/// One beat: two frequencies and a length; zero is a pause.
type Beat = (f32, f32, u32);

impl Tone {
    /// Its beats (frequencies in Hz, length in ms), its loudness, and whether it starts again at the end.
    fn score(self) -> (&'static [Beat], f32, bool) {
        match self {
            Self::Ringback => {
                (&[(400.0, 450.0, 400), (0.0, 0.0, 200), (400.0, 450.0, 400), (0.0, 0.0, 2_000)], 0.08, true)
            }
            Self::Dial => (&[(350.0, 450.0, 10_000)], 0.05, true),
            Self::Busy => (&[(400.0, 400.0, 375), (0.0, 0.0, 375)], 0.08, true),
            Self::Fail => (&[(400.0, 400.0, 400), (0.0, 0.0, 350), (400.0, 400.0, 225), (0.0, 0.0, 525)], 0.08, true),
            Self::RingHigh => (&[(880.0, 1_108.0, 180), (660.0, 880.0, 180), (0.0, 0.0, 240)], 0.12, true),
            Self::RingLow => (&[(440.0, 554.0, 400), (0.0, 0.0, 1_600)], 0.08, true),
            Self::Splash => (&[(523.0, 659.0, 80), (659.0, 784.0, 120)], 0.1, false),
            Self::Beep => (&[(1_000.0, 1_000.0, 100)], 0.08, false),
            Self::Blocking => (&[(300.0, 340.0, 150), (0.0, 0.0, 60), (300.0, 340.0, 150)], 0.1, false),
            Self::Reminder => (&[(700.0, 700.0, 80), (0.0, 0.0, 80), (700.0, 700.0, 80)], 0.08, false),
            Self::Override => {
                (&[(500.0, 500.0, 120), (750.0, 750.0, 120), (500.0, 500.0, 120), (750.0, 750.0, 240)], 0.12, false)
            }
            Self::Message => (&[(1_000.0, 1_000.0, 400)], 0.1, false),
            Self::Greeting => (&[], 1.0, false),
            Self::Warning => (&[(900.0, 600.0, 120), (0.0, 0.0, 80), (900.0, 600.0, 120)], 0.1, false),
        }
    }
}

/// Plays one tone at a time: one that ends by itself goes before one that goes on, which is heard again after it.
#[derive(Debug, Default)]
pub struct TonePlayer {
    once: Option<(Tone, u64)>,
    lasting: Option<(Tone, u64)>,
}

impl TonePlayer {
    /// Starts a tone from its beginning, instead of what plays of its sort.
    pub fn start(&mut self, tone: Tone) {
        let (_, _, again) = tone.score();
        let place = if again { &mut self.lasting } else { &mut self.once };
        *place = Some((tone, 0));
    }

    /// Stops this tone if it plays.
    pub fn stop(&mut self, tone: Tone) {
        for place in [&mut self.once, &mut self.lasting] {
            place.take_if(|(playing, _)| *playing == tone);
        }
    }

    /// Whether a tone plays.
    pub fn plays(&self) -> bool {
        self.once.is_some() || self.lasting.is_some()
    }

    /// Adds the tone to a block.
    pub fn add(&mut self, block: &mut [f32]) {
        for sample in block {
            let over = next(&mut self.once);
            // What lasts keeps its beat under the other.
            let under = next(&mut self.lasting);
            *sample += over.or(under).unwrap_or(0.0);
        }
    }
}

/// The next sample of what plays; none, and nothing plays, after its end.
fn next(playing: &mut Option<(Tone, u64)>) -> Option<f32> {
    let (tone, at) = playing.as_mut()?;
    let sample = value(*tone, *at);
    *at += 1;
    if sample.is_none() {
        *playing = None;
    }
    sample
}

/// The tone's sample number `at`; none after its end.
fn value(tone: Tone, at: u64) -> Option<f32> {
    if tone == Tone::Greeting {
        let [low, high] = *GREETING.get(HEADER..)?.as_chunks().0.get(usize::try_from(at).ok()?)?;
        return Some(f32::from(i16::from_le_bytes([low, high])) / 32_768.0);
    }
    let (beats, loudness, again) = tone.score();
    let samples = |ms: u32| u64::from(ms) * u64::from(RATE_HZ) / 1_000;
    let whole: u64 = beats.iter().map(|beat| samples(beat.2)).sum();
    let mut at = if again { at % whole } else { at };
    for (one_hz, other_hz, ms) in beats {
        let length = samples(*ms);
        if at < length {
            let turn = std::f32::consts::TAU * at as f32 / RATE_HZ as f32;
            // 5 ms at each edge, so that nothing clicks.
            let edge = (at.min(length - 1 - at) as f32 / 240.0).min(1.0);
            return Some(loudness * edge * ((one_hz * turn).sin() + (other_hz * turn).sin()) / 2.0);
        }
        at -= length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beep_ends_by_itself_and_a_ring_goes_on_until_stopped() {
        let mut player = TonePlayer::default();
        player.start(Tone::Beep);
        let mut second = vec![0.0; RATE_HZ as usize];
        player.add(&mut second);
        assert!(second[..4_800].iter().any(|s| s.abs() > 0.01));
        assert!(second[4_800..].iter().all(|s| *s == 0.0));

        player.start(Tone::RingHigh);
        let mut minute = vec![0.0; 60 * RATE_HZ as usize];
        player.add(&mut minute);
        assert!(minute[59 * RATE_HZ as usize..].iter().any(|s| s.abs() > 0.01));
        player.stop(Tone::RingHigh);
        let mut block = [0.0; 256];
        player.add(&mut block);
        assert_eq!(block, [0.0; 256]);
    }

    #[test]
    fn vm_1_the_greeting_is_words_that_are_over_before_the_tone() {
        let mut player = TonePlayer::default();
        player.start(Tone::Greeting);
        let mut heard = vec![0.0; (dealerboard_model::VOICEMAIL_GREETING_MS * u64::from(RATE_HZ) / 1_000) as usize];
        player.add(&mut heard);
        assert!(!player.plays());
        let loudness = (heard.iter().map(|s| s * s).sum::<f32>() / heard.len() as f32).sqrt();
        let loudest = heard.iter().fold(0.0_f32, |loudest, s| loudest.max(s.abs()));
        assert!((0.05..0.2).contains(&loudness) && loudest < 1.0, "{loudness} {loudest}");
    }

    #[test]
    fn a_ring_is_heard_again_after_a_beep_that_went_before_it() {
        let mut player = TonePlayer::default();
        player.start(Tone::RingHigh);
        player.start(Tone::Warning);
        let mut minute = vec![0.0; 60 * RATE_HZ as usize];
        player.add(&mut minute);
        assert!(minute[59 * RATE_HZ as usize..].iter().any(|s| s.abs() > 0.01));
    }

    #[test]
    fn a_ring_that_is_stopped_during_a_beep_is_not_heard_after_it() {
        let mut player = TonePlayer::default();
        player.start(Tone::RingHigh);
        player.start(Tone::Beep);
        player.stop(Tone::RingHigh);
        let mut second = vec![0.0; RATE_HZ as usize];
        player.add(&mut second);
        assert!(second[..4_800].iter().any(|s| s.abs() > 0.01));
        assert!(second[4_800..].iter().all(|s| *s == 0.0));
    }

    #[test]
    fn a_beep_leaves_nothing_of_a_ring_in_its_pauses() {
        let (mut both, mut alone) = (TonePlayer::default(), TonePlayer::default());
        both.start(Tone::RingHigh);
        both.start(Tone::Reminder);
        alone.start(Tone::Reminder);
        let mut blocks = [vec![0.0; 11_520], vec![0.0; 11_520]];
        both.add(&mut blocks[0]);
        alone.add(&mut blocks[1]);
        assert_eq!(blocks[0], blocks[1]);
    }
}
