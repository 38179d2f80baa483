//! Who is brought into a conference by intercom: one microphone towards all of it, on the recording of each of its lines.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, RefusalCode};
use dealerboard_model::{LineId, Position, Uplink};
use floor::*;

/// A2, whom A1 has brought in by intercom, is on the ARD of A1 and B1.
fn brought_in() -> (Desk, LineId) {
    let mut d = Desk::talking();
    let accepted = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap();
    let intercom = accepted.line.unwrap();
    let act = Act::Join { call: d.call(intercom.as_str()), line: intercom.clone(), position: Position::Left };
    d.act(A1, act).unwrap();
    (d, intercom)
}

#[test]
fn cnf_8_a_microphone_opens_towards_all_of_a_conference_and_each_line_has_it_on_its_recording() {
    for by in [None, Some(l("ard-a"))] {
        let (mut d, intercom) = brought_in();
        d.act(A2, Act::OpenMic { line: by.unwrap_or(intercom) }).unwrap();
        assert_eq!(d.route(A2).map(|(.., tracks)| tracks), Some(2));
        assert_eq!((d.exchange.mics(A2).len(), d.talkers("ard-a")), (2, vec![A1, A2]));
    }
}

#[test]
fn cnf_8_a_microphone_that_its_key_shuts_is_shut_towards_all_of_a_conference() {
    let (mut d, intercom) = brought_in();
    d.act(A2, Act::TalkBack { line: intercom.clone(), on: true, latched: true }).unwrap();
    d.act(A2, Act::TalkBack { line: intercom, on: false, latched: false }).unwrap();
    assert_eq!((d.exchange.mics(A2), d.talkers("ard-a")), (vec![], vec![A1]));
}

#[test]
fn spk_3_a_silent_latch_of_an_intercom_closes_towards_all_that_it_is_joined_with() {
    let (mut d, intercom) = brought_in();
    d.act(A2, Act::TalkBack { line: intercom, on: true, latched: true }).unwrap();
    d.input(Input::VoiceActivity { turret: A2, uplink: Uplink::Mic, speaking: false });
    d.wait_ms(40_000);
    assert_eq!((d.exchange.mics(A2), d.talkers("ard-a")), (vec![], vec![A1]));
}

#[test]
fn rec_2_who_is_brought_into_a_line_that_must_be_recorded_opens_nothing_while_it_is_not() {
    let (mut d, intercom) = brought_in();
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    let open = [Act::OpenMic { line: intercom.clone() }, Act::TalkBack { line: intercom, on: true, latched: true }];
    for act in open {
        assert_eq!(d.refused(A2, act), RefusalCode::NotRecorded);
    }
}

#[test]
fn cnf_8_an_intercom_that_rings_on_hold_is_over_when_nobody_else_is_left_of_its_conference() {
    let (mut d, intercom) = brought_in();
    d.release(A2, intercom.as_str());
    d.hold(A1, "ard-a");
    d.wait_ms(180_000);
    assert!(d.status(intercom.as_str()).ring.is_some_and(|ring| ring.recall));
    d.release(B1, "ard-b");
    assert_eq!(d.status_of(&intercom), None);
}

#[test]
fn cnf_4_whom_an_intercom_brought_in_holds_nothing_of_the_rest_when_it_is_removed() {
    let (mut d, intercom) = brought_in();
    d.hold(A2, "ard-a");
    d.act(A1, Act::Unjoin { line: intercom }).unwrap();
    let status = d.status("ard-a");
    assert_eq!((status.parties.len(), status.parties[0].turret, status.holders), (1, A1, vec![]));
}

#[test]
fn mrd_2_a_signal_that_is_down_ends_when_its_line_is_removed_from_a_conference() {
    let mut d = Desk::talking();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    d.act(A1, Act::Join { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Left }).unwrap();
    d.signal(A1, "mrd-a", true);
    assert!(d.status("mrd-b").ring.is_some());
    d.act(A1, Act::Unjoin { line: l("mrd-a") }).unwrap();
    d.wait_ms(10_000);
    assert!(d.status("mrd-b").ring.is_none(), "{:?}", d.status("mrd-b").ring);
}
