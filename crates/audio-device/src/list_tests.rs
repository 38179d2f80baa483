//! Lists of a desktop with a sound server, and of a machine without one.

use super::*;

fn named(pcm: &str, name: &str, hears: bool, plays: bool) -> Named {
    Named { id: format!("alsa:{pcm}"), pcm: pcm.to_owned(), name: name.to_owned(), hears, plays }
}

/// What ALSA's plugins add to each list.
fn noise() -> Vec<Named> {
    ["null", "lavrate", "upmix", "pipewire", "pulse", "default"].map(|pcm| named(pcm, "A plugin", true, true)).into()
}

fn nodes() -> Nodes {
    let node = |node: &str, name: &str| Node { node: node.to_owned(), name: name.to_owned() };
    Nodes {
        is_pipewire: true,
        microphones: vec![node("alsa_input.usb", "Headset")],
        loudspeakers: vec![node("alsa_output.usb", "Headset"), node("alsa_output.pci", "Built-in audio")],
        default_microphone: Some("Headset".to_owned()),
        default_loudspeaker: Some("Built-in audio".to_owned()),
    }
}

fn names(choices: &[Choice]) -> Vec<&str> {
    choices.iter().map(|it| it.name.as_str()).collect()
}

#[test]
fn with_a_sound_server_its_devices_are_listed_and_what_the_user_named_and_no_plugin() {
    let mut all = noise();
    all.push(named("desk-mic", "Desk microphone", true, false));
    let own = "pcm.desk-mic{ type pipewire }\npcm.!default desk-mic";
    let listed = sort(&all, Some(&nodes()), own);
    assert_eq!(names(&listed.microphones), ["Headset", "Desk microphone"]);
    assert_eq!(names(&listed.loudspeakers), ["Headset", "Built-in audio"]);
    assert_eq!(listed.default_loudspeaker.as_deref(), Some("Built-in audio"));
}

#[test]
fn without_a_server_each_card_is_listed_once_and_only_for_what_it_can_do() {
    let mut all = noise();
    for pcm in [
        "sysdefault:CARD=PCH",
        "hw:CARD=PCH,DEV=0",
        "plughw:CARD=PCH,DEV=0",
        "plughw:CARD=0,DEV=0",
        "dmix:CARD=PCH,DEV=0",
    ] {
        all.push(named(pcm, "HDA, Analog", true, true));
    }
    all.push(named("surround51:CARD=PCH,DEV=0", "HDA, Analog", false, true));
    all.push(named("plughw:CARD=PCH,DEV=3", "HDA, HDMI 0", false, true));
    all.push(named("sysdefault:CARD=Webcam", "Webcam", true, true));
    all.push(named("plughw:CARD=Webcam,DEV=0", "Webcam", true, false));
    let listed = sort(&all, None, "");
    assert_eq!(names(&listed.microphones), ["HDA, Analog", "Webcam"]);
    assert_eq!(names(&listed.loudspeakers), ["HDA, Analog", "HDA, HDMI 0"]);
    assert_eq!(listed.microphones[0].id, "alsa:sysdefault:CARD=PCH");
}

/// The id of the microphone that a choice finds among these.
fn found(wanted: &Choice, plugged: &[(&str, &str)]) -> Option<String> {
    let microphones = plugged.iter().map(|(id, name)| Choice::new(*id, *name)).collect();
    let listed = Listed { microphones, ..Listed::default() };
    listed.find(wanted, Kind::Microphone).map(|it| it.id.clone())
}

#[test]
fn of_two_headsets_of_one_kind_neither_is_found_under_the_name_of_the_other() {
    let (chosen, spare) = (("server:usb-1", "Headset"), ("server:usb-2", "Headset"));
    let wanted = Choice::new(chosen.0, chosen.1);
    assert_eq!(found(&wanted, &[spare, chosen]).as_deref(), Some("server:usb-1"));
    assert_eq!(found(&wanted, &[spare]), None);
}

#[test]
fn a_device_that_was_named_by_hand_is_found_by_a_name_that_no_other_has() {
    let wanted = Choice::new("Headset", "Headset");
    assert_eq!(found(&wanted, &[("server:a", "Headset"), ("server:b", "Box")]).as_deref(), Some("server:a"));
    assert_eq!(found(&wanted, &[("server:a", "Headset"), ("server:b", "Headset")]), None);
}

#[test]
fn the_devices_of_pulseaudio_are_opened_through_its_own_plugin() {
    let all = noise();
    let pcm = |is_pipewire| plugin(&Nodes { is_pipewire, ..nodes() }, &all).map(|it| it.pcm.as_str());
    assert_eq!((pcm(true), pcm(false)), (Some("pipewire"), Some("pulse")));
}
