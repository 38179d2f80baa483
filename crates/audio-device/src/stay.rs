//! What a sound server is told so that no stream wanders to another device.
//!
//! Law: pure. When a microphone goes away, PipeWire gives its streams another one, which the person at the desk does not
//! expect: it is told to end them instead, and that is noticed. A PulseAudio that is not PipeWire knows no such word.

/// PipeWire's words for it.
const STAY: [&str; 3] = ["node.dont-reconnect", "node.dont-fallback", "node.dont-move"];

/// The variables to set before the first device is opened, while the program has only one thread: one for PipeWire's ALSA
/// plugin, one for clients that speak PulseAudio to it. `now` is what they hold already.
#[must_use]
pub fn stay_environment(now: impl Fn(&str) -> Option<String>) -> [(&'static str, String); 2] {
    let rules = STAY.map(|rule| format!("{rule}=true")).join(" ");
    let with = |before: &str| format!("{before} {rules}").trim().to_owned();
    let alsa = now("PIPEWIRE_ALSA").unwrap_or_default();
    let inner = alsa.trim();
    let inner = inner.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(inner);
    let pulse = now("PULSE_PROP").unwrap_or_default();
    [("PIPEWIRE_ALSA", format!("{{ {} }}", with(inner.trim()))), ("PULSE_PROP", with(pulse.trim()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_loses_its_device_is_ended_and_not_moved() {
        let rules = "node.dont-reconnect=true node.dont-fallback=true node.dont-move=true";
        let set = stay_environment(|_| None);
        assert_eq!(set, [("PIPEWIRE_ALSA", format!("{{ {rules} }}")), ("PULSE_PROP", rules.to_owned())]);
    }

    #[test]
    fn what_is_set_already_is_kept_and_comes_before_the_rules() {
        let set = stay_environment(|name| {
            Some(if name == "PULSE_PROP" { "media.role=phone" } else { "{ node.latency=256/48000 }" }.to_owned())
        });
        assert!(set[0].1.starts_with("{ node.latency=256/48000 node.dont-reconnect=true "), "{}", set[0].1);
        assert!(set[1].1.starts_with("media.role=phone node.dont-reconnect=true "), "{}", set[1].1);
    }
}
