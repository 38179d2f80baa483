//! What a listener of a recording is told of: who did what on which line, and when.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use Happening::*;
use dealerboard_call_control::{Act, Happening, Input, Output, Sound};
use dealerboard_model::{Position, TurretId, Uplink};
use floor::*;

/// What the last input told the recordings: line, who, what.
fn told(d: &Desk) -> Vec<(String, Vec<String>, Happening)> {
    let happened = |out: &Output| {
        let Output::Happened { line, who, what, .. } = out else { return None };
        Some((line.to_string(), who.iter().map(ToString::to_string).collect(), what.clone()))
    };
    d.out.iter().filter_map(happened).collect()
}

fn by(line: &str, turret: TurretId, what: Happening) -> (String, Vec<String>, Happening) {
    (line.to_owned(), vec![user(turret).to_string()], what)
}

fn nobody(line: &str, what: Happening) -> (String, Vec<String>, Happening) {
    (line.to_owned(), vec![], what)
}

#[test]
fn a_seized_wire_is_marked_with_who_took_it_and_what_rings() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    assert_eq!(told(&d), [by("ard-a", A1, Seized), nobody("ard-b", Rings)]);
    d.answer(B1, "ard-b");
    assert_eq!(told(&d), [by("ard-b", B1, Answered)]);
}

#[test]
fn marks_follow_the_opening_of_their_recording_and_come_before_its_end() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let place = |d: &Desk, wanted: fn(&Output) -> bool| d.out.iter().position(wanted).unwrap();
    let mark = |out: &Output| matches!(out, Output::Happened { .. });
    assert!(place(&d, |out| matches!(out, Output::RecordingOpened { .. })) < place(&d, mark));
    d.release(A1, "ard-a");
    assert!(place(&d, mark) < place(&d, |out| matches!(out, Output::RecordingClosed { .. })));
}

#[test]
fn hold_and_resume_are_marked_once_each() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    assert_eq!(told(&d), [by("ard-a", A1, Held)]);
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!(told(&d), [by("ard-a", A1, Resumed)]);
}

#[test]
fn who_joins_is_marked_and_the_beep_with_everybody_who_heard_it() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    assert_eq!(told(&d), [by("ard-a", A2, Joined), by("ard-a", A1, Tone(Sound::Beep))]);
    d.bridge(A3, "ard-a");
    let both = ("ard-a".to_owned(), vec![user(A1).to_string(), user(A2).to_string()], Tone(Sound::Beep));
    assert_eq!(told(&d), [by("ard-a", A3, Joined), both]);
}

#[test]
fn who_leaves_colleagues_is_told_from_who_ends_the_call() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.release(A1, "ard-a");
    assert_eq!(told(&d), [by("ard-a", A1, Left)]);
    d.release(A2, "ard-a");
    assert_eq!(told(&d), [by("ard-a", A2, Released)]);
}

#[test]
fn signal_is_marked_down_and_up_once() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    assert_eq!(told(&d), [by("mrd-a", A1, Seized)]);
    d.signal(A1, "mrd-a", true);
    assert_eq!(told(&d), [by("mrd-a", A1, SignalDown), nobody("mrd-b", Rings)]);
    d.signal(A1, "mrd-a", false);
    assert_eq!(told(&d), [by("mrd-a", A1, SignalUp)]);
    d.release(A1, "mrd-a");
    assert_eq!(told(&d), [by("mrd-a", A1, Released)]);
}

#[test]
fn talk_keys_of_a_hoot_are_marked_down_and_up() {
    let mut d = Desk::new();
    d.talk(A1, true);
    assert_eq!(told(&d), [by("hoot", A1, TalkKeyDown { latched: false })]);
    d.talk(A1, false);
    assert_eq!(told(&d), [by("hoot", A1, TalkKeyUp)]);
    d.latch(A2);
    assert_eq!(told(&d), [by("hoot", A2, TalkKeyDown { latched: true })]);
}

#[test]
fn a_talk_that_the_switch_closes_is_not_marked_as_a_key_that_went_up() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.input(Input::TalkOrphaned { turret: A1, uplink: dealerboard_model::Uplink::Mic });
    assert_eq!(told(&d), [by("hoot", A1, TalkClosed), by("hoot", A1, Tone(Sound::Warning))]);
}

#[test]
fn what_is_refused_is_no_mark() {
    let mut d = Desk::talking();
    let _ = d.refused(A2, Act::Release { line: l("ard-a") });
    assert_eq!(told(&d), []);
}

#[test]
fn what_happened_before_a_call_was_recorded_is_told_when_it_is() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.seize(A1, "ard-a");
    assert_eq!(
        told(&d),
        [],
        "a talk key on the speakers keeps the handset from being heard, and so from being recorded"
    );
    let seized = d.now;
    d.now = d.now.plus_ms(300);
    d.talk(A1, false);
    assert_eq!(
        told(&d),
        [by("ard-a", A1, Seized), nobody("ard-b", Rings), by("hoot", A1, TalkKeyUp)],
        "as soon as the handset is heard"
    );
    let first = d.out.iter().find_map(|out| if let Output::Happened { at, .. } = out { Some(*at) } else { None });
    assert_eq!(first, Some(seized), "with the time when it happened");
}

#[test]
fn an_intercom_is_marked_from_the_call_to_its_end() {
    let mut d = Desk::new();
    let line = d.act(A1, Act::Intercom { user: user(B1), position: Position::Left }).unwrap().line.unwrap();
    let name = line.to_string();
    let splash = (name.clone(), vec![user(B1).to_string(), user(A1).to_string()], Tone(Sound::Splash));
    assert_eq!(told(&d), [by(&name, A1, Called), by(&name, B1, AutoAnswered), splash]);
    d.act(B1, Act::TalkBack { line: line.clone(), on: true, latched: false }).unwrap();
    assert_eq!(told(&d), [by(&name, B1, TalkKeyDown { latched: false })]);
    d.act(A1, Act::Release { line }).unwrap();
    assert_eq!(told(&d), [by(&name, A1, Released)]);
}

#[test]
fn a_lost_turret_and_its_return_are_marked() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    assert_eq!(told(&d), [by("ard-a", A1, LinkLost)]);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!(told(&d), [by("ard-a", A1, LinkBack)]);
}

/// Tells the switch whether the left microphone of a turret is there; gives what was told of it.
fn left_microphone(d: &mut Desk, turret: TurretId, there: bool) -> Vec<(String, Vec<String>, Happening)> {
    d.input(Input::Microphone { turret, uplink: Uplink::Left, there });
    told(d)
}

#[test]
fn a_microphone_that_is_lost_in_a_call_and_comes_back_is_marked_once_each() {
    let mut d = Desk::talking();
    assert_eq!(left_microphone(&mut d, A1, true), [], "one that was there all along is no news");
    assert_eq!(left_microphone(&mut d, A1, false), [by("ard-a", A1, MicLost(Uplink::Left))]);
    assert_eq!(left_microphone(&mut d, A1, false), []);
    assert_eq!(left_microphone(&mut d, A1, true), [by("ard-a", A1, MicBack(Uplink::Left))]);
}

#[test]
fn a_call_that_is_taken_without_a_microphone_is_marked_so() {
    let mut d = Desk::new();
    assert_eq!(left_microphone(&mut d, A1, false), [], "it is in no call");
    d.seize(A1, "ard-a");
    assert!(told(&d).contains(&by("ard-a", A1, MicMissing(Uplink::Left))));
}

#[test]
fn a_turret_that_is_back_in_its_call_is_said_to_have_no_microphone_only_by_what_it_tells_since() {
    let mut d = Desk::talking();
    left_microphone(&mut d, A1, false);
    d.input(Input::LinkLost { turret: A1 });
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!(told(&d), [by("ard-a", A1, LinkBack)], "the recording tells already what was told before the loss");
    assert_eq!(left_microphone(&mut d, A1, true), [by("ard-a", A1, MicBack(Uplink::Left))]);
}

#[test]
fn the_recording_of_an_intercom_is_opened_with_both_of_its_people_though_one_was_told_nothing() {
    let mut d = Desk::new();
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.act(A1, Act::Intercom { user: user(B1), position: Position::Left }).unwrap();
    let opened =
        |out: &Output| if let Output::RecordingOpened { people, .. } = out { Some(people.clone()) } else { None };
    assert_eq!(d.out.iter().find_map(opened), Some(vec![user(A1), user(B1)]));
}

/// What the last input told the recordings of both lines of a conference, once each.
fn on_both(d: &Desk, turret: TurretId, what: &Happening) {
    for line in ["ard-a", "mrd-a"] {
        let marks = told(d);
        let wanted = by(line, turret, what.clone());
        assert_eq!(marks.iter().filter(|mark| **mark == wanted).count(), 1, "{line}: {marks:?}");
    }
}

/// A1 has joined the ARD, with B1 at its far end, and the MRD.
fn conference() -> Desk {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    let call = d.call("mrd-a");
    d.act(A1, Act::Join { line: l("mrd-a"), call, position: Position::Left }).unwrap();
    d
}

#[test]
fn sup_2_who_enters_a_conference_and_why_stands_in_the_recording_of_each_of_its_lines() {
    let mut d = conference();
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    on_both(&d, A3, &Overrides { reason: "a limit".into() });
    d.wait_ms(2_000);
    on_both(&d, A3, &Entered);
}

#[test]
fn cnf_8_what_happens_to_a_conference_is_a_mark_in_the_recording_of_each_of_its_lines() {
    let mut d = conference();
    d.bridge(A2, "ard-a");
    on_both(&d, A2, &Joined);
    for (on, what) in [(true, MadePrivate), (false, MadeOpen)] {
        d.private(A1, "mrd-a", on);
        on_both(&d, A1, &what);
    }
    d.hold(A1, "ard-a");
    on_both(&d, A1, &Held);
    d.act(A1, d.resume("mrd-a")).unwrap();
    on_both(&d, A1, &Resumed);
}

#[test]
fn cnf_8_each_line_of_a_conference_says_with_which_others_it_was_joined() {
    let mut d = conference();
    d.dial(A1, "5001").unwrap();
    d.answer(B1, "ext-5001.1");
    let call = d.call("ard-a");
    d.act(A1, Act::Join { line: l("ard-a"), call, position: Position::Left }).unwrap();
    let with = |name: &str| Conference { with: name.into() };
    for (line, other) in
        [("ard-a", "EXT-4001.1"), ("mrd-a", "EXT-4001.1"), ("ext-4001.1", "ARD-A"), ("ext-4001.1", "MRD-A")]
    {
        assert!(told(&d).contains(&by(line, A1, with(other))), "{line} {other}");
    }
}
