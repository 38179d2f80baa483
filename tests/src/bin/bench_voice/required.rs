//! What the voice path has to keep, and the stage that is to blame when it does not.
//!
//! Law: a limit that has no figure is not judged, and one that has is, whatever else is missing.

use serde_json::{Value, json};

/// What a figure may be.
enum Limit {
    /// At most this.
    Most(f64),
    /// Less than this.
    Below(f64),
    /// At most this much more than another figure of the same result.
    MostAbove(&'static str, f64),
    /// Exactly this.
    Exactly(f64),
}

/// Every limit: the place of its figure in the result, and what it may be.
const LIMITS: [(&str, Limit); 17] = [
    ("/mouth_to_ear_ms/p50", Limit::Most(35.0)),
    ("/mouth_to_ear_ms/p99", Limit::Most(45.0)),
    ("/chirps/missing", Limit::Exactly(0.0)),
    ("/chirps/after_pause_missing", Limit::Exactly(0.0)),
    ("/talk_onset_ms/cold/p99", Limit::MostAbove("/mouth_to_ear_ms/p99", 5.0)),
    ("/talk_onset_ms/warm/p99", Limit::MostAbove("/mouth_to_ear_ms/p99", 5.0)),
    ("/talks/not_heard", Limit::Exactly(0.0)),
    ("/onset_clipped_ms/max", Limit::Exactly(0.0)),
    ("/twelve_talkers/direct/heard", Limit::Exactly(12.0)),
    ("/twelve_talkers/direct/clipped_ms/max", Limit::Exactly(0.0)),
    ("/twelve_talkers/through_50_ms/heard", Limit::Exactly(12.0)),
    ("/twelve_talkers/through_50_ms/clipped_ms/max", Limit::Exactly(0.0)),
    ("/twelve_talkers/direct/streams", Limit::Exactly(12.0)),
    ("/twelve_talkers/through_50_ms/streams", Limit::Exactly(12.0)),
    ("/idle_turret/cpu_percent_of_a_core", Limit::Below(1.0)),
    ("/idle_turret/rss_mb", Limit::Below(60.0)),
    ("/idle_turret/peak_rss_mb", Limit::Below(60.0)),
];

/// What each stage may take of the 35 ms, in milliseconds. A frame (10) and half a period (2.7) until a sample is in a
/// packet; Opus' look-ahead (6.5) and its work; loopback and two wake-ups; 6 ms of start and one period (5.3) in the
/// jitter buffer, and what is left; hardly anything to decode; half a period (2.7) until the device asks.
const EXPECTED_MS: [(&str, f64); 6] = [
    ("capture_fill", 12.7),
    ("encode", 6.6),
    ("network", 1.0),
    ("jitter_buffer", 11.9),
    ("decode", 0.1),
    ("playback", 2.7),
];

/// Judges a result: each limit that it has a figure for.
pub fn judge(result: &Value) -> Vec<Value> {
    let figure = |at: &str| result.pointer(at).and_then(Value::as_f64);
    let judged = LIMITS.iter().filter_map(|(at, limit)| {
        let measured = figure(at)?;
        let (limit, met) = match limit {
            Limit::Most(most) => (*most, measured <= *most),
            Limit::Below(bound) => (*bound, measured < *bound),
            Limit::MostAbove(other, more) => (figure(other)? + more, measured <= figure(other)? + more),
            Limit::Exactly(value) => (*value, (measured - value).abs() < f64::EPSILON),
        };
        let name = at.trim_start_matches('/').replace('/', ".");
        Some(json!({ "name": name, "limit": limit, "measured": measured, "met": met }))
    });
    judged.collect()
}

/// Whether all that was judged is kept.
pub fn is_met(required: &[Value]) -> bool {
    required.iter().all(|limit| limit["met"] == json!(true))
}

/// The stage that exceeds its expected share most, when a limit of latency is missed: by the medians when one of those is, else
/// by the slowest of a hundred, which the medians say nothing of.
pub fn missed_stage(result: &Value, required: &[Value]) -> Option<&'static str> {
    let misses = |end: &str| {
        let missed = |limit: &&Value| limit["met"] == json!(false);
        required.iter().filter(missed).any(|limit| limit["name"].as_str().is_some_and(|name| name.ends_with(end)))
    };
    let places = if misses("p50") {
        EXPECTED_MS.map(|(stage, expected)| (stage, format!("/stages_ms/{stage}"), expected)).to_vec()
    } else if misses("p99") {
        // A packet's depth in the buffer ends with its first sample played.
        let depth = expected("jitter_buffer") + expected("playback");
        vec![
            ("network", "/stages_ms/network_p99".to_owned(), expected("network")),
            ("jitter_buffer", "/jitter_depth_ms/p99".to_owned(), depth),
        ]
    } else {
        return None;
    };
    let excess = places.iter().filter_map(|(stage, at, ms)| Some((*stage, result.pointer(at)?.as_f64()? - ms)));
    excess.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(stage, _)| stage)
}

fn expected(stage: &str) -> f64 {
    EXPECTED_MS.iter().find(|(name, _)| *name == stage).map_or(0.0, |(_, ms)| *ms)
}

/// The expected shares, for the result.
pub fn expected_ms() -> Value {
    EXPECTED_MS.iter().map(|(stage, ms)| ((*stage).to_owned(), json!(ms))).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_missed_by_the_figure_that_exceeds_it_and_the_stage_is_named() {
        let stages = json!({ "capture_fill": 12.7, "encode": 6.6, "network": 9.0, "jitter_buffer": 14.0 });
        let result = json!({ "mouth_to_ear_ms": { "p50": 36.0, "p99": 40.0 }, "stages_ms": stages });
        let required = judge(&result);
        let met: Vec<&Value> = required.iter().map(|limit| &limit["met"]).collect();
        assert_eq!(met, [&json!(false), &json!(true)], "what was not measured is not judged");
        assert_eq!(missed_stage(&result, &required), Some("network"));
        assert!(!is_met(&required));
    }

    #[test]
    fn the_stage_that_is_late_once_in_a_hundred_is_named_though_all_medians_are_kept() {
        let named = |network_p99: f64, depth_p99: f64| {
            let stages = json!({ "encode": 6.6, "network": 0.7, "network_p99": network_p99, "jitter_buffer": 6.6 });
            let late = json!({ "p50": 29.2, "p99": 55.4 });
            let result =
                json!({ "mouth_to_ear_ms": late, "stages_ms": stages, "jitter_depth_ms": { "p99": depth_p99 } });
            missed_stage(&result, &judge(&result))
        };
        assert_eq!(named(1.7, 36.5), Some("jitter_buffer"));
        assert_eq!(named(28.0, 15.0), Some("network"));
    }

    #[test]
    fn a_talk_may_begin_five_milliseconds_later_than_speech_is_heard() {
        let onset =
            |p99: f64| json!({ "mouth_to_ear_ms": { "p99": 30.0 }, "talk_onset_ms": { "warm": { "p99": p99 } } });
        assert_eq!([35.0, 35.1].map(|p99| is_met(&judge(&onset(p99)))), [true, false]);
    }

    #[test]
    fn all_limits_that_are_kept_blame_no_stage() {
        let result = json!({ "mouth_to_ear_ms": { "p50": 30.0 }, "stages_ms": { "network": 9.0 } });
        assert_eq!(missed_stage(&result, &judge(&result)), None);
    }
}
