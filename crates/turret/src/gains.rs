//! How loud each speaker channel is heard at this turret.
//!
//! Law: pure; it is about one's own ears only. What others hear, and what is recorded, is the same whatever is set here.

use crate::facts::Facts;
use crate::project::ChannelSetting;
use dealerboard_model::{Csrc, LineId, Uplink};
use std::collections::BTreeMap;

/// `duck.level` as a factor: −12 dB.
const DUCKED: f32 = 0.25;

/// An open handset turns the speakers down; one that a talk key keeps from being heard is not open (rule SPK-4).
#[must_use]
pub fn is_ducked(facts: &Facts) -> bool {
    facts.mics.iter().any(|mic| mic.uplink != Uplink::Mic && !mic.muted)
}

/// The gain of each channel, 0 to 1, by the label of its line (rule SPK-5).
#[must_use]
pub fn gains(facts: &Facts, channels: &BTreeMap<LineId, ChannelSetting>) -> Vec<(Csrc, f32)> {
    let solo = facts.channels().any(|line| channels.get(line).is_some_and(|set| set.solo));
    let ducked = if is_ducked(facts) { DUCKED } else { 1.0 };
    let gain = |line: &LineId| {
        let set = channels.get(line).cloned().unwrap_or_default();
        if set.muted || (solo && !set.solo) { 0.0 } else { set.volume * ducked }
    };
    facts.channels().filter_map(|line| Some((facts.lines.get(line)?.csrc, gain(line)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::{LineFacts, LineKind, Moment, RecordPolicy};
    use dealerboard_wire::OpenMic;

    /// Two hoots on the speakers, and an open microphone.
    fn facts(uplink: Uplink, muted: bool) -> Facts {
        let (line, since) = (LineId::from("calder"), Moment { mono_us: 0, utc_ms: 0 });
        let mics = vec![OpenMic { uplink, position: None, line, since, hearers: 1, muted, closes_at: None }];
        let mut facts = Facts { speakers: vec!["macro".into(), "rates".into()], mics, ..Facts::default() };
        for (label, line) in (1..).zip(facts.speakers.clone()) {
            let (name, number, kind) = (line.to_string(), String::new(), LineKind::Hoot);
            let about =
                LineFacts { line: line.clone(), name, number, kind, csrc: Csrc(label), record: RecordPolicy::On };
            facts.lines.insert(line, about);
        }
        facts
    }

    fn heard(facts: &Facts, of_macro: ChannelSetting) -> [f32; 2] {
        let all = gains(facts, &[("macro".into(), of_macro)].into());
        [all[0].1, all[1].1]
    }

    #[test]
    fn spk_4_an_open_handset_turns_the_speakers_down_by_twelve_decibels_and_a_hands_free_call_does_not() {
        let set = ChannelSetting { volume: 0.5, ..ChannelSetting::default() };
        assert_eq!(heard(&facts(Uplink::Left, false), set.clone()), [0.125, 0.25]);
        assert_eq!(heard(&facts(Uplink::Mic, false), set), [0.5, 1.0]);
    }

    #[test]
    fn spk_4_a_handset_that_a_talk_key_keeps_from_being_heard_turns_nothing_down() {
        assert_eq!(heard(&facts(Uplink::Right, true), ChannelSetting::default()), [1.0, 1.0]);
    }

    #[test]
    fn spk_5_a_muted_channel_is_silent_and_a_solo_one_silences_the_others() {
        let facts = facts(Uplink::Mic, false);
        assert_eq!(heard(&facts, ChannelSetting { muted: true, ..ChannelSetting::default() }), [0.0, 1.0]);
        assert_eq!(heard(&facts, ChannelSetting { solo: true, ..ChannelSetting::default() }), [1.0, 0.0]);
    }
}
