//! What a counterparty does about what its panel shows.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::facts::Facts;
use crate::project::{Local, project};
use dealerboard_model::{
    CallId, Csrc, FarEnd, LineFacts, LineKind, LinePhase, LineStatus, Moment, Party, PersonStatus, RecordPolicy, Ring,
    RingPriority, TurretId, Uplink,
};
use dealerboard_wire::{OpenMic, Person};

/// When the tests begin, UTC milliseconds.
const BEGIN: i64 = 1_000_000;

fn at(utc_ms: i64) -> Moment {
    Moment { mono_us: 0, utc_ms }
}

fn party(user: &str, turret: u32, position: Position) -> Party {
    Party::new(user.into(), TurretId(turret), position, at(BEGIN))
}

/// What the switch said to a counterparty with one line of `kind`, changed by `change`; the caller is `reyes`.
fn view(kind: LineKind, change: impl FnOnce(&mut LineStatus)) -> View {
    view_of(kind, change, false)
}

/// The same, with the counterparty's own microphone open towards it or not.
fn view_of(kind: LineKind, change: impl FnOnce(&mut LineStatus), heard: bool) -> View {
    let mut status = LineStatus::idle("wire".into(), at(0));
    change(&mut status);
    let (name, number) = ("A. Reyes".to_owned(), "4402".to_owned());
    let about = LineFacts { line: "wire".into(), name, number, kind, csrc: Csrc(1), record: RecordPolicy::On };
    let reyes = Person { user: "reyes".into(), name: "A. Reyes".into(), desk_name: "London".into(), desk: None };
    let there = PersonStatus { user: "reyes".into(), logged_on: true, dnd: false, busy: false };
    let (uplink, line, since) = (Uplink::Mic, LineId::from("wire"), at(BEGIN));
    let mic = OpenMic { uplink, position: None, line, since, hearers: 1, muted: false, closes_at: None };
    let facts = Facts {
        turret: Some(TurretId(1)),
        lines: [("wire".into(), about)].into(),
        statuses: [("wire".into(), status)].into(),
        people: vec![reyes],
        person_statuses: [("reyes".into(), there)].into(),
        mics: if heard { vec![mic] } else { Vec::new() },
        ..Facts::default()
    };
    project(&facts, &Local { link: LinkView::Up { round_trip_ms: None, voice: true }, ..Local::default() })
}

fn up(status: &mut LineStatus) {
    (status.phase, status.call) = (LinePhase::Talking, Some(CallId(3)));
    status.parties = vec![party("calder", 1, Position::Left)];
}

/// A signal that ended at the beginning.
fn signalled(status: &mut LineStatus) {
    (status.signalled, status.far) = (Some(at(BEGIN)), FarEnd::Open);
}

fn whispered(status: &mut LineStatus) {
    up(status);
    status.parties = vec![party("reyes", 2, Position::HandsFree), party("calder", 1, Position::HandsFree)];
}

struct Seat {
    player: Player,
    began: Instant,
}

impl Seat {
    /// One that answers `wire` after two seconds and says ten samples.
    fn new() -> Self {
        let script = Script {
            user: "calder".into(),
            says: None,
            answers: vec!["wire".into()],
            answer_after_ms: 2_000,
            rings: None,
            speaks_on_hoot: None,
        };
        let player = Player {
            script,
            mouth: Mouth::default(),
            says: vec![0.5; 10],
            on_hoot: Vec::new(),
            next_ring: None,
            next_hoot: None,
            call: None,
            talk_ends: None,
        };
        Self { player, began: Instant::now() }
    }

    fn sees(&mut self, view: &View, after_ms: u64) -> Vec<Intent> {
        let now = self.began + Duration::from_millis(after_ms);
        self.player.look(view, now, BEGIN + i64::try_from(after_ms).unwrap())
    }

    fn words(&self) -> usize {
        self.player.mouth.lock().unwrap().len()
    }
}

fn is_press(intents: &[Intent]) -> bool {
    matches!(intents, [Intent::Press { line, .. }] if line.as_str() == "wire")
}

#[test]
fn an_ard_that_rings_is_answered_after_its_time() {
    let rings = view(LineKind::Ard, |it| {
        it.call = Some(CallId(3));
        it.ring = Some(Ring::new(RingPriority::High, at(BEGIN), "Reyes".into()));
    });
    let mut seat = Seat::new();
    assert_eq!(seat.sees(&rings, 1_900), []);
    assert!(is_press(&seat.sees(&rings, 2_000)));
}

#[test]
fn a_signalled_mrd_is_answered_after_its_ring_has_ended() {
    let (waits, mut seat) = (view(LineKind::Mrd, signalled), Seat::new());
    assert_eq!(seat.sees(&waits, 1_900), []);
    assert!(is_press(&seat.sees(&waits, 2_000)));
}

#[test]
fn a_signalled_mrd_whose_caller_has_gone_is_left_alone() {
    let left = view(LineKind::Mrd, |it| it.signalled = Some(at(BEGIN)));
    assert_eq!(Seat::new().sees(&left, 2_000), []);
}

#[test]
fn an_mrd_is_released_when_its_far_end_has_gone() {
    let mut seat = Seat::new();
    seat.sees(&view(LineKind::Mrd, signalled), 2_000);
    assert_eq!(seat.sees(&view(LineKind::Mrd, up), 2_100), []);
    let gone = view(LineKind::Mrd, |it| {
        up(it);
        it.far = FarEnd::Gone;
    });
    assert_eq!(seat.sees(&gone, 2_200), [Intent::Release { position: Position::Left }]);
}

#[test]
fn an_intercom_is_talked_back_to_with_the_words_of_a_call() {
    let (whisper, mut seat) = (view(LineKind::Intercom, whispered), Seat::new());
    assert_eq!(seat.sees(&whisper, 0), [Intent::TalkBack { user: "reyes".into(), on: true, latched: true }]);
    assert_eq!((seat.sees(&whisper, 100), seat.words()), (vec![], 0));
    let heard = view_of(LineKind::Intercom, whispered, true);
    assert_eq!((seat.sees(&heard, 900), seat.words()), (vec![], 10));
}

#[test]
fn a_microphone_that_has_lapsed_is_opened_again() {
    let mut seat = Seat::new();
    seat.sees(&view(LineKind::Mrd, signalled), 2_000);
    let lapsed = view(LineKind::Mrd, up);
    assert_eq!(seat.sees(&lapsed, 2_100), []);
    assert_eq!(seat.sees(&lapsed, 2_900), [Intent::OpenMic { position: Position::Left }]);
}

#[test]
fn an_intercom_that_has_ended_leaves_no_words_in_the_mouth() {
    let (whisper, mut seat) = (view(LineKind::Intercom, whispered), Seat::new());
    seat.sees(&whisper, 0);
    let heard = view_of(LineKind::Intercom, whispered, true);
    seat.sees(&heard, 100);
    assert_eq!((seat.sees(&heard, 900), seat.words()), (vec![], 10));
    let ended = view(LineKind::Ard, |_| {});
    assert_eq!((seat.sees(&ended, 1_000), seat.words()), (vec![], 0));
}

#[test]
fn an_intercom_during_a_talk_on_a_hoot_waits_for_its_end() {
    let (whisper, mut seat) = (view(LineKind::Intercom, whispered), Seat::new());
    let again = Again { line: "hoot".into(), says: None, first_after_s: 0, every_s: 60 };
    seat.player.script.speaks_on_hoot = Some(again);
    seat.player.talk_ends = Some(seat.began + Duration::from_millis(500));
    assert_eq!(seat.sees(&whisper, 400), []);
    assert!(matches!(seat.sees(&whisper, 500)[..], [Intent::Talk { on: false, .. }]));
    assert!(matches!(seat.sees(&whisper, 600)[..], [Intent::TalkBack { on: true, .. }]));
}

#[test]
fn nothing_is_done_while_no_voice_can_flow() {
    let mut lost = view(LineKind::Mrd, signalled);
    lost.header.link = LinkView::Up { round_trip_ms: None, voice: false };
    assert_eq!(Seat::new().sees(&lost, 2_000), []);
}
