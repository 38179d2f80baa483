//! Mutes of loudspeakers: a neighbour's, and everybody's at an end. A1 and A2 sit beside each other.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, RefusalCode, Sound, Value};
use dealerboard_model::{Mute, Position, TurretId, Uplink};
use floor::*;

fn talk_on(line: &str, on: bool, latched: bool) -> Act {
    Act::Talk { line: l(line), on, latched }
}

/// B1 talks into the MRD, whose end A2 and A3 have on their speakers.
fn with_the_mrd_open() -> Desk {
    let mut d = Desk::of(Desk::muted_floor());
    d.seize(B1, "mrd-b");
    d
}

fn hear(d: &Desk, talker: TurretId) -> Vec<TurretId> {
    d.route(talker).map(|(_, hearers, _)| hearers).unwrap_or_default()
}

#[test]
fn mut_1_the_most_restrictive_of_the_lines_and_of_its_handset_parties_is_in_force() {
    let mut floor = Desk::floor(&[]);
    floor.policies.lines.insert(l("mrd-a"), set(&[("mute", Value::Word("local"))]));
    floor.policies.users.insert(user(A3), set(&[("mute", Value::Word("global"))]));
    let mut d = Desk::of(floor);
    let mute = |d: &Desk| d.status("mrd-a").mute;
    assert_eq!(mute(&d), Mute::Local);
    d.seize(A1, "mrd-a");
    assert_eq!(mute(&d), Mute::Local);
    d.bridge(A3, "mrd-a");
    assert_eq!(mute(&d), Mute::Global);
    d.release(A3, "mrd-a");
    assert_eq!(mute(&d), Mute::Local);
}

#[test]
fn mut_2_neighbours_speakers_leave_out_my_voice_and_mine_alone() {
    let mut d = Desk::of(Desk::muted_floor());
    d.talk(A1, true);
    assert_eq!(hear(&d, A1), [A3, B1], "A2 sits beside A1");
    d.talk(A3, true);
    assert_eq!(hear(&d, A3), [A1, A2, B1]);
}

#[test]
fn mut_2_who_sits_elsewhere_or_is_remote_has_no_neighbour() {
    let mut d = Desk::of(Desk::muted_floor());
    d.input(Input::Seat { turret: A2, seat: "seat-9".into() });
    d.talk(A1, true);
    assert_eq!(hear(&d, A1), [A2, A3, B1]);
    d.input(Input::Seat { turret: A2, seat: "seat-2".into() });
    assert_eq!(hear(&d, A1), [A3, B1], "at once, in mid-word");
    let mut floor = Desk::muted_floor();
    floor.remote.insert(user(A2));
    d.input(Input::Users(Box::new(floor)));
    d.talk(A1, false);
    d.talk(A1, true);
    assert_eq!(hear(&d, A1), [A2, A3, B1]);
}

#[test]
fn mut_2_a_hoot_knows_no_global_mute() {
    let d = Desk::with_policies(&[("mute", Value::Word("global"))]);
    assert_eq!((d.status("hoot").mute, d.status("shout").mute), (Mute::Local, Mute::Local));
    assert_eq!(d.status("ard-a").mute, Mute::Global);
}

#[test]
fn mut_3_while_a_handset_is_on_the_line_no_other_users_speakers_at_that_end_play_it() {
    let mut d = with_the_mrd_open();
    assert_eq!(hear(&d, B1), [A2, A3]);
    d.seize(A1, "mrd-a");
    assert_eq!(hear(&d, B1), [A1]);
    d.bridge(A2, "mrd-a");
    assert_eq!(hear(&d, B1), [A1, A2], "who takes a handset hears");
    d.release(A1, "mrd-a");
    d.release(A2, "mrd-a");
    assert_eq!(hear(&d, B1), [A2, A3]);
}

#[test]
fn mut_3_a_talk_key_is_refused_there_and_a_handset_talks() {
    let mut d = with_the_mrd_open();
    d.seize(A1, "mrd-a");
    let refusal = d.act(A2, talk_on("mrd-a", true, false)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::MutedGlobal);
    d.bridge(A2, "mrd-a");
    d.act(A2, talk_on("mrd-a", true, false)).unwrap();
}

#[test]
fn mut_4_a_latched_talk_that_a_global_mute_overtakes_is_closed_with_one_tone_and_stays_closed() {
    let mut d = with_the_mrd_open();
    d.seize(A1, "mrd-a");
    d.release(A1, "mrd-a");
    let mut floor = Desk::muted_floor();
    floor.policies.lines.remove(&l("mrd-a"));
    floor.policies.users.insert(user(A1), set(&[("mute", Value::Word("global"))]));
    let mut d = Desk::of(floor);
    d.seize(B1, "mrd-b");
    d.seize(A3, "mrd-a");
    d.act(A2, talk_on("mrd-a", true, true)).unwrap();
    d.bridge(A1, "mrd-a");
    assert!(d.talkers("mrd-a").iter().all(|turret| *turret != A2));
    assert_eq!((d.sound(A2), d.told(A2, "is muted at your end now")), (Some(Sound::Blocking), true));
    d.release(A1, "mrd-a");
    assert!(d.exchange.mics(A2).iter().all(|mic| mic.uplink != Uplink::Mic));
}

#[test]
fn mut_4_a_talk_of_who_leaves_the_handset_while_a_colleague_stays_is_closed() {
    let mut d = with_the_mrd_open();
    for leaves in [|d: &mut Desk| d.hold(A2, "mrd-a"), |d: &mut Desk| d.release(A2, "mrd-a")] {
        d.seize(A1, "mrd-a");
        d.bridge(A2, "mrd-a");
        d.act(A2, talk_on("mrd-a", true, true)).unwrap();
        leaves(&mut d);
        assert_eq!(d.talkers("mrd-a"), [A1]);
        let _ = d.act(A2, Act::Release { line: l("mrd-a") });
        d.release(A1, "mrd-a");
    }
}

#[test]
fn i39_under_a_global_mute_nobody_elses_speaker_plays_the_line_and_nobody_else_talks_there() {
    let mut d = with_the_mrd_open();
    d.seize(A1, "mrd-a");
    assert_eq!(hear(&d, B1), [A1]);
    for turret in [A2, A3] {
        assert_eq!(d.refused(turret, talk_on("mrd-a", true, true)), RefusalCode::MutedGlobal);
    }
}

#[test]
fn mut_4_a_talk_is_closed_when_a_call_on_the_speakers_goes_to_a_handset() {
    let mut d = Desk::of(Desk::muted_floor());
    d.seize(A1, "mrd-a");
    let call = d.call("mrd-a");
    d.act(A1, Act::Move { line: l("mrd-a"), call, position: Position::Speakers }).unwrap();
    d.act(A2, Act::Talk { line: l("mrd-a"), on: true, latched: true }).unwrap();
    d.act(A1, Act::Move { line: l("mrd-a"), call, position: Position::Left }).unwrap();
    assert_eq!(d.talkers("mrd-a"), [A1]);
    assert_eq!(d.heard_by(A1), []);
}
