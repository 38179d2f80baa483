//! What always holds, each as one sentence at one place where it could break; random moves check most of it after each input.
//!
//! Law: what is open is learnt from outputs, as the switch learns it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Sound};
use dealerboard_model::{LineId, LinePhase, LineStatus, Moment, Position, TrackId, TurretId, Uplink, lamp};
use floor::*;
use std::collections::{BTreeMap, BTreeSet};

use LinePhase::{Held, Idle, Ringing, Talking};

const LINES: [&str; 5] = ["ard-a", "ard-b", "mrd-a", "mrd-b", "hoot"];

/// A desk, and what a switch has open that has done what it was told.
struct World {
    d: Desk,
    /// Open uplinks: who hears, and the tracks.
    open: BTreeMap<(TurretId, Uplink), (BTreeSet<TurretId>, Vec<TrackId>)>,
    lines: BTreeMap<TrackId, LineId>,
}

impl World {
    fn new() -> Self {
        Self { d: Desk::new(), open: BTreeMap::new(), lines: BTreeMap::new() }
    }

    /// An ARD that A1 and B1 talk on.
    fn talking() -> Self {
        let mut world = Self::new();
        world.go(|d| d.seize(A1, "ard-a"));
        world.go(|d| d.answer(B1, "ard-b"));
        world
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "no other output opens or shuts anything")]
    fn go(&mut self, step: impl FnOnce(&mut Desk)) {
        step(&mut self.d);
        for out in &self.d.out {
            match out {
                Output::Route { turret, uplink, open: true, legs, tracks, .. } => {
                    let hearers = legs.iter().map(|leg| leg.hearer).collect();
                    self.open.insert((*turret, *uplink), (hearers, tracks.clone()));
                }
                Output::Route { turret, uplink, open: false, .. } => drop(self.open.remove(&(*turret, *uplink))),
                Output::TrackOpened { track, line, .. } => drop(self.lines.insert(*track, line.clone())),
                _ => {}
            }
        }
    }

    fn hearers(&self, turret: TurretId, uplink: Uplink) -> Vec<TurretId> {
        self.open.get(&(turret, uplink)).into_iter().flat_map(|(hearers, _)| hearers.iter().copied()).collect()
    }

    /// The lines that an uplink feeds, by the tracks that it is recorded on.
    fn fed(&self, turret: TurretId, uplink: Uplink) -> BTreeSet<LineId> {
        let tracks = self.open.get(&(turret, uplink)).into_iter().flat_map(|(_, tracks)| tracks);
        tracks.map(|track| self.lines[track].clone()).collect()
    }
}

/// The lines that a turret's header shows an uplink open towards.
fn shown(d: &Desk, turret: TurretId, uplink: Uplink) -> BTreeSet<LineId> {
    let mics = d.exchange.mics(turret).into_iter().filter(|mic| mic.uplink == uplink && !mic.muted);
    mics.map(|mic| mic.line).collect()
}

fn all(d: &Desk) -> Vec<LineStatus> {
    LINES.iter().map(|line| d.status(line)).collect()
}

fn told_lines(d: &Desk) -> Vec<String> {
    let line = |out: &Output| if let Output::Line { status, .. } = out { Some(status.line.to_string()) } else { None };
    d.out.iter().filter_map(line).collect()
}

fn answering(d: &Desk, line: &str) -> Act {
    Act::Answer { line: l(line), call: d.call(line), position: Position::Left, private: false }
}

fn intercom(d: &mut Desk) -> String {
    d.act(A1, Act::Intercom { user: user(B1), position: Position::Left }).unwrap().line.unwrap().0
}

#[test]
fn i1_a_line_is_heard_by_who_is_on_it_or_has_it_on_their_speakers_with_an_appearance_of_it() {
    let mut w = World::talking();
    w.go(|d| d.talk(A2, true));
    assert_eq!(w.hearers(A1, Uplink::Left), [B1]);
    assert_eq!(w.hearers(A2, Uplink::Mic), [A1, A3, B1], "the hoot is on the speakers of B2 and B3 too");
}

#[test]
fn i3_an_uplink_feeds_exactly_the_lines_that_its_header_shows() {
    let mut w = World::talking();
    let both = |w: &World, uplink| {
        assert_eq!(w.fed(A1, uplink), shown(&w.d, A1, uplink));
        w.fed(A1, uplink).len()
    };
    assert_eq!(both(&w, Uplink::Left), 1);
    w.go(|d| d.talk(A1, true));
    assert_eq!((both(&w, Uplink::Left), both(&w, Uplink::Mic)), (0, 1));
    w.go(|d| d.talk(A1, false));
    assert_eq!((both(&w, Uplink::Left), both(&w, Uplink::Mic)), (1, 0));
}

#[test]
fn i4_a_microphone_towards_a_line_that_must_be_recorded_is_recorded_or_shut_after_three_seconds() {
    let mut w = World::talking();
    assert_eq!(w.fed(A1, Uplink::Left), [l("ard-a")].into());
    w.go(|d| d.input(Input::Recorder { failing: Some("the disk is full".into()) }));
    w.go(|d| d.wait_ms(3_000));
    assert!(w.open.is_empty(), "{:?}", w.open);
}

#[test]
fn i6_what_others_do_opens_nobodys_microphone() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(3_001);
    d.input(Input::LinkBack { turret: A1 });
    let moves: [fn(&mut Desk); 5] = [
        |d| d.bridge(A2, "ard-a"),
        |d| d.hold(B1, "ard-b"),
        |d| d.act(B2, d.resume("ard-b")).map(drop).unwrap(),
        |d| d.talk(A3, true),
        |d| d.release(A2, "ard-a"),
    ];
    for one in moves {
        one(&mut d);
        assert_eq!(d.exchange.mics(A1), []);
    }
    assert_eq!(d.status("ard-a").parties[0].turret, A1, "who is still on the line");
}

#[test]
fn i9_a_refused_act_changes_no_line_and_no_microphone() {
    let mut d = Desk::talking();
    d.seize(A2, "mrd-a");
    let late = Act::Answer { line: l("ard-b"), call: d.call("ard-b"), position: Position::Left, private: false };
    let other =
        Act::Resume { line: l("ard-a"), call: dealerboard_model::CallId(99), position: Position::Left, private: false };
    let bridged = Act::Bridge { line: l("ard-a"), call: d.call("ard-a"), position: Position::Speakers };
    for (turret, act) in
        [(B2, late), (A2, other), (A3, bridged), (A3, Act::Hold { line: l("ard-a"), exclusive: false })]
    {
        let before = (all(&d), d.exchange.mics(turret));
        d.act(turret, act).unwrap_err();
        assert_eq!((all(&d), d.exchange.mics(turret)), before);
        assert_eq!(told_lines(&d), [""; 0]);
    }
}

#[test]
fn i11_the_same_inputs_at_the_same_times_have_the_same_outputs_in_the_same_order() {
    let play = || {
        let mut d = Desk::new();
        let mut outputs = Vec::new();
        let moves: [fn(&mut Desk); 7] = [
            |d| d.seize(A1, "ard-a"),
            |d| d.answer(B1, "ard-b"),
            |d| d.latch(A2),
            |d| d.hold(A1, "ard-a"),
            |d| d.input(Input::Recorder { failing: Some("the disk is full".into()) }),
            |d| d.wait_ms(60_000),
            |d| d.input(Input::LogOff { turret: A1 }),
        ];
        for one in moves {
            one(&mut d);
            outputs.extend(d.out.clone());
        }
        outputs
    };
    assert_eq!(play(), play());
}

#[test]
fn i12_a_ring_has_one_answerer_and_a_hold_one_resumer() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let late = answering(&d, "ard-b");
    d.answer(B1, "ard-b");
    d.act(B2, late).unwrap_err();
    assert_eq!(d.status("ard-b").parties.len(), 1);
    d.hold(A1, "ard-a");
    d.act(A2, d.resume("ard-a")).unwrap();
    d.act(A3, d.resume("ard-a")).unwrap_err();
    assert_eq!(d.status("ard-a").parties.len(), 1);
}

#[test]
fn i13_all_but_one_of_those_who_answer_or_resume_are_told_by_name_who_was_first() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let late = answering(&d, "ard-b");
    d.answer(B1, "ard-b");
    for turret in [B2, B3] {
        let refusal = d.act(turret, late.clone()).unwrap_err();
        assert_eq!((refusal.code, &refusal.sentence[..2]), (RefusalCode::AnsweredBy, "U4"));
    }
    d.hold(A1, "ard-a");
    let late = d.resume("ard-a");
    d.act(A2, late.clone()).unwrap();
    for turret in [A1, A3] {
        let refusal = d.act(turret, late.clone()).unwrap_err();
        assert_eq!((refusal.code, &refusal.sentence[..2]), (RefusalCode::ResumedBy, "U2"));
    }
}

#[test]
fn i14_a_position_carries_one_call() {
    let mut d = Desk::talking();
    d.seize(A1, "mrd-a");
    let here = all(&d).into_iter().filter(|status| status.parties.iter().any(|party| party.turret == A1));
    assert_eq!(here.map(|status| status.line).collect::<Vec<_>>(), [l("mrd-a")]);
}

#[test]
fn i15_a_user_is_on_a_line_once_at_a_turret() {
    let mut d = Desk::talking();
    let (line, call, position) = (l("ard-a"), d.call("ard-a"), Position::Right);
    let again = [
        Act::Bridge { line: line.clone(), call, position },
        Act::Seize { line: line.clone(), position, private: false },
        Act::Resume { line, call, position, private: false },
    ];
    for act in again {
        assert_eq!(d.refused(A1, act), RefusalCode::Stale);
    }
    assert_eq!(d.status("ard-a").parties.len(), 1);
}

#[test]
fn i16_every_turret_that_shows_a_line_is_sent_the_one_truth_about_it() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let sent =
        d.out.iter().filter_map(|out| if let Output::Line { status, to } = out { Some((status, to)) } else { None });
    let sent: Vec<_> = sent.collect();
    assert_eq!(sent, [(&d.status("ard-a"), &vec![A1, A2, A3]), (&d.status("ard-b"), &vec![B1, B2, B3])]);
}

#[test]
fn i17_a_line_is_in_use_here_exactly_where_it_has_a_party_or_a_talker() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.hold(A2, "ard-a");
    d.talk(A3, true);
    let here = |line: &str| {
        let status = d.status(line);
        TURRETS
            .into_iter()
            .filter(|turret| lamp(&status, *turret) == dealerboard_model::Lamp::InUseHere)
            .collect::<Vec<_>>()
    };
    assert_eq!((here("ard-a"), here("ard-b"), here("hoot")), (vec![A1], vec![B1], vec![A3]));
}

#[test]
fn i18_a_line_is_idle_exactly_while_nobody_is_on_it_holds_it_or_talks_on_it_and_nothing_rings() {
    let mut d = Desk::new();
    let idle = |d: &Desk| LINES.into_iter().filter(|line| d.status(line).phase == Idle).collect::<Vec<_>>();
    assert_eq!(idle(&d), LINES);
    d.seize(A1, "ard-a");
    assert_eq!(idle(&d), ["mrd-a", "mrd-b", "hoot"]);
    d.answer(B1, "ard-b");
    d.hold(A1, "ard-a");
    d.talk(A2, true);
    assert_eq!(idle(&d), ["mrd-a", "mrd-b"]);
    d.release(A1, "ard-a");
    d.talk(A2, false);
    assert_eq!(idle(&d), LINES);
}

#[test]
fn i19_every_line_that_changed_is_told_once_and_no_other() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    assert_eq!(told_lines(&d), ["ard-a", "ard-b"]);
    d.answer(B1, "ard-b");
    assert_eq!(told_lines(&d), ["ard-a", "ard-b"]);
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(told_lines(&d), [""; 0], "it was open");
}

#[test]
fn i21_nothing_rings_that_is_answered_or_released() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.answer(B2, "ard-b");
    assert_eq!(d.status("ard-b").ring, None);
    d.release(A1, "ard-a");
    d.seize(A1, "ard-a");
    d.release(A1, "ard-a");
    assert_eq!(d.status("ard-b").ring, None);
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    d.seize(B1, "mrd-b");
    assert_eq!(d.status("mrd-b").ring, None);
}

#[test]
fn i22_the_ring_of_a_caller_who_has_gone_ends_with_them() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.input(Input::LogOff { turret: A1 });
    assert_eq!((d.phases("ard-a", "ard-b"), d.status("ard-b").ring.clone()), ((Idle, Idle), None));
    let line = intercom_pending(&mut d);
    d.input(Input::LogOff { turret: A2 });
    assert!(d.exchange.status(&line).is_none());
}

/// A2 calls B1, who does not want to be disturbed.
fn intercom_pending(d: &mut Desk) -> LineId {
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.act(A2, Act::Intercom { user: user(B1), position: Position::Left }).unwrap().line.unwrap()
}

#[test]
fn i23_a_ring_ends_when_signal_is_let_go_when_an_intercom_has_waited_and_an_ards_only_by_a_person() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.seize(A3, "mrd-a");
    d.signal(A3, "mrd-a", true);
    let line = intercom_pending(&mut d);
    d.wait_ms(19_999);
    assert_eq!((d.status("mrd-b").phase, d.exchange.status(&line).is_some()), (Ringing, true));
    d.signal(A3, "mrd-a", false);
    d.wait_ms(1);
    assert_eq!((d.status("mrd-b").phase, d.exchange.status(&line).is_some()), (Idle, false));
    d.wait_ms(86_400_000);
    assert_eq!(d.status("ard-b").phase, Ringing);
}

#[test]
fn i24_who_leaves_ends_no_call_that_a_colleague_is_on_or_holds() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.bridge(A3, "ard-a");
    d.hold(A3, "ard-a");
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    d.release(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
}

#[test]
fn i25_a_wire_that_nobody_is_on_or_holds_has_no_call() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    assert!(d.status("ard-a").call.is_some());
    d.release(A1, "ard-a");
    assert_eq!((d.status("ard-a").call, d.status("ard-b").call), (None, None));
    d.seize(A1, "mrd-a");
    assert_eq!(d.status("mrd-b").call, None, "its far end alone is open");
}

#[test]
fn i26_the_two_ends_of_an_ard_are_idle_together() {
    let mut d = Desk::new();
    let moves: [fn(&mut Desk); 5] = [
        |d| d.seize(A1, "ard-a"),
        |d| d.answer(B1, "ard-b"),
        |d| d.hold(A1, "ard-a"),
        |d| d.bridge(B2, "ard-b"),
        |d| d.release(B1, "ard-b"),
    ];
    for one in moves {
        one(&mut d);
        assert!(d.status("ard-a").phase != Idle && d.status("ard-b").phase != Idle);
    }
    d.release(B2, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn i27_an_end_of_an_mrd_changes_only_by_its_own_acts() {
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    let moves: [fn(&mut Desk); 4] = [
        |d| d.seize(A1, "mrd-a"),
        |d| d.hold(A1, "mrd-a"),
        |d| d.act(A2, d.resume("mrd-a")).map(drop).unwrap(),
        |d| d.release(A2, "mrd-a"),
    ];
    for one in moves {
        one(&mut d);
        assert_eq!((d.status("mrd-b").phase, d.status("mrd-b").parties[0].turret), (Talking, B1));
    }
}

#[test]
fn i28_nobody_of_an_end_that_holds_is_heard_or_hears() {
    let mut w = World::talking();
    w.go(|d| d.bridge(A2, "ard-a"));
    w.go(|d| d.hold(A1, "ard-a"));
    w.go(|d| d.hold(A2, "ard-a"));
    assert_eq!(w.open.keys().copied().collect::<Vec<_>>(), [(B1, Uplink::Left)]);
    assert_eq!(w.hearers(B1, Uplink::Left), []);
}

#[test]
fn i35_nothing_of_the_callee_of_an_intercom_is_heard_or_recorded_before_they_talk_back() {
    let mut w = World::new();
    w.go(|d| drop(intercom(d)));
    assert_eq!(w.open.keys().copied().collect::<Vec<_>>(), [(A1, Uplink::Left)]);
    assert_eq!(w.d.exchange.mics(B1), []);
}

#[test]
fn i36_an_intercom_gives_who_does_not_want_to_be_disturbed_no_sound_and_is_not_answered_for_them() {
    let mut d = Desk::new();
    let line = intercom_pending(&mut d);
    let sound =
        |out: &Output| matches!(out, Output::Notice { turret: B1, sound: Some(Sound::Beep | Sound::Splash), .. });
    assert!(!d.out.iter().any(sound));
    assert_eq!(d.status(line.as_str()).parties.iter().map(|party| party.turret).collect::<Vec<_>>(), [A2]);
}

#[test]
fn i37_no_more_talk_on_a_hoot_than_may_and_the_route_of_the_displaced_one_ends_in_the_same_drain() {
    let mut w = World::new();
    for turret in [A1, A2, A3] {
        w.go(|d| d.talk(turret, true));
    }
    assert_eq!(w.d.talkers("hoot"), [A2, A3]);
    assert_eq!(w.open.keys().map(|(turret, _)| *turret).collect::<Vec<_>>(), [A2, A3]);
    let listens = Act::Talk { line: l("hoot"), on: true, latched: false };
    assert_eq!(w.d.refused(B1, listens), RefusalCode::ListenOnly);
}

#[test]
fn i42_after_each_input_every_deadline_lies_ahead() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.latch(A2);
    d.speech(A2, false);
    d.input(Input::LinkLost { turret: B1 });
    for ms in [15_000, 30_000, 3_600_000] {
        d.wait_ms(ms);
        assert!(d.exchange.next_deadline().is_none_or(|due: Moment| due.mono_us > d.now.mono_us));
    }
}

#[test]
fn i44_the_microphones_that_headers_show_open_are_the_uplinks_with_a_route() {
    let mut w = World::talking();
    let moves: [fn(&mut Desk); 5] = [
        |d| d.bridge(A2, "ard-a"),
        |d| d.talk(A1, true),
        |d| d.hold(A2, "ard-a"),
        |d| d.talk(A1, false),
        |d| d.input(Input::LinkLost { turret: B1 }),
    ];
    for one in moves {
        w.go(one);
        let open: Vec<_> = w.open.keys().copied().collect();
        let all = TURRETS.into_iter().flat_map(|turret| Uplink::ALL.map(|uplink| (turret, uplink)));
        let header: Vec<_> = all.filter(|(turret, uplink)| !shown(&w.d, *turret, *uplink).is_empty()).collect();
        assert_eq!(open, header);
    }
}

#[test]
fn i46_a_colleagues_leaving_and_a_hold_of_the_far_end_end_nobody_elses_track() {
    let mut w = World::talking();
    w.go(|d| d.bridge(A2, "ard-a"));
    let track = w.open[&(A2, Uplink::Left)].1.clone();
    let moves: [fn(&mut Desk); 3] =
        [|d| d.release(A1, "ard-a"), |d| d.hold(B1, "ard-b"), |d| d.act(B1, d.resume("ard-b")).map(drop).unwrap()];
    for one in moves {
        w.go(one);
        assert_eq!(w.open[&(A2, Uplink::Left)].1, track);
    }
    assert_eq!(w.hearers(A2, Uplink::Left), [B1]);
}
