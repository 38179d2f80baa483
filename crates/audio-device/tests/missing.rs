//! A device that is not there is a sentence, not a panic, and what it would have called comes back.

use dealerboard_audio_device::{Alarm, Choice, open_capture, open_playback};
use dealerboard_media::{PlaybackConfig, UplinkConfig, capture_pair, playback_pair};
use std::sync::Arc;

#[test]
fn a_device_that_does_not_exist_is_named_and_gives_its_callback_back() {
    let alarm: Alarm = Arc::new(|| {});
    let (tap, _, _) = capture_pair(UplinkConfig::default()).expect("libopus works");
    let refused = open_capture(Some(&Choice::new("no such microphone", "no such microphone")), 256, tap, &alarm)
        .err()
        .expect("it does not exist");
    assert!(refused.error.to_string().contains("no such microphone"), "{}", refused.error);
    assert!(refused.item.is_some());

    let (mixer, _) = playback_pair(PlaybackConfig { streams: 1 }).expect("libopus works");
    let refused = open_playback(Some(&Choice::new("no such loudspeaker", "no such loudspeaker")), 256, mixer, &alarm)
        .err()
        .expect("it does not exist");
    assert!(refused.error.to_string().contains("plug one in"), "{}", refused.error);
    assert!(refused.item.is_some());
}
