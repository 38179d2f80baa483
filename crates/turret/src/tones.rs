//! Which tones follow from what the turret knows.
//!
//! Law: pure; a tone that goes on is started once and stopped once, and what ends by itself is never waited for.

use crate::facts::Facts;
use dealerboard_media::{PlaybackControl, Tone};
use dealerboard_model::{CallId, FarEnd, LineId, LineKind, LinePhase, LineStatus, Position, RingInCall, RingPriority};
use std::collections::BTreeSet;

/// The tones that go on until they are stopped, as they play now, and the rings that the user was told of.
#[derive(Debug, Default)]
pub struct Tones {
    ring: Option<Tone>,
    /// What is heard where a call is made.
    progress: Option<(Position, Tone)>,
    known: BTreeSet<(LineId, Option<CallId>)>,
}

impl Tones {
    /// What starts and stops, and where, as it follows from the facts; everything stops while the link is lost.
    #[must_use]
    pub fn follow(&mut self, facts: &Facts, link_up: bool) -> Vec<(Position, PlaybackControl)> {
        let mut wishes = Vec::new();
        let busy = is_busy(facts);
        let rings_on = !busy || facts.ring_in_call == RingInCall::Ring;
        let ring = if link_up && rings_on { ring(facts) } else { None };
        if ring != self.ring {
            wishes.extend(self.ring.take().map(|tone| (Position::Speakers, PlaybackControl::Stop(tone))));
            wishes.extend(ring.map(|tone| (Position::Speakers, PlaybackControl::Start(tone))));
            self.ring = ring;
        }
        // What rang before the link was lost is not new when it is back.
        if link_up {
            let rings: BTreeSet<_> = rings(facts).map(|status| (status.line.clone(), status.call)).collect();
            let beeps = busy && facts.ring_in_call == RingInCall::Beep;
            if beeps && rings.difference(&self.known).next().is_some() {
                wishes.push((Position::Speakers, PlaybackControl::Start(Tone::Beep)));
            }
            self.known = rings;
        }
        let progress = if link_up { progress(facts) } else { None };
        if progress != self.progress {
            let stops = self.progress.take().map(|(position, tone)| (position, PlaybackControl::Stop(tone)));
            let starts = progress.map(|(position, tone)| (position, PlaybackControl::Start(tone)));
            wishes.extend(stops.into_iter().chain(starts));
            self.progress = progress;
        }
        wishes
    }
}

/// A handset has a call: then a new one gets one beep and no ring sound (RING-3). Who listens to a hoot is in no call.
fn is_busy(facts: &Facts) -> bool {
    let call = |position| facts.line_at(position).is_some_and(|line| !facts.is_hoot(line));
    [Position::Left, Position::Right].into_iter().any(call)
}

/// The lines that ring here.
fn rings(facts: &Facts) -> impl Iterator<Item = &LineStatus> {
    facts.statuses.values().filter(|status| {
        let kind = facts.lines.get(&status.line).map(|line| line.kind);
        let intercom = status.intercom.as_ref().is_some_and(|it| it.rings) && facts.party_of(&status.line).is_none();
        let wire = kind.is_some_and(LineKind::has_two_ends) && status.parties.is_empty();
        facts.is_heard_here(status) && (wire || intercom)
    })
}

/// The one ring sound of a turret: the highest priority that rings (RING-3).
fn ring(facts: &Facts) -> Option<Tone> {
    let priorities = rings(facts).filter_map(|status| status.ring.as_ref()).map(|ring| facts.priority_here(ring));
    priorities.max().map(|priority| match priority {
        RingPriority::High => Tone::RingHigh,
        RingPriority::Low => Tone::RingLow,
    })
}

/// What is heard where a call is made, and where: the far end rings, for it was called or has sent the call on; or a number
/// can be dialled, and none was yet (DIAL-1).
fn progress(facts: &Facts) -> Option<(Position, Tone)> {
    let intercom = |status: &LineStatus| status.intercom.as_ref().is_some_and(|it| it.rings);
    let tone = |status: &LineStatus| match status.phase {
        LinePhase::Calling => match &status.voicemail {
            None => Some(Tone::Ringback),
            Some(voicemail) => voicemail.since.is_none().then_some(Tone::Greeting),
        },
        LinePhase::Dialling => status.dialled.as_ref().is_some_and(|it| it.number.is_empty()).then_some(Tone::Dial),
        LinePhase::Idle | LinePhase::Ringing | LinePhase::Talking | LinePhase::Held | LinePhase::OutOfService => {
            (status.far == FarEnd::SentOn || intercom(status)).then_some(Tone::Ringback)
        }
    };
    let mut heard = facts.statuses.values().filter_map(|it| Some((facts.position_of(&it.line)?, tone(it)?)));
    heard.next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::{Csrc, LineFacts, Moment, Party, PersonStatus, RecordPolicy, Ring, TurretId, UserId};
    use dealerboard_wire::Me;

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };
    const BEEP: (Position, PlaybackControl) = (Position::Speakers, PlaybackControl::Start(Tone::Beep));

    fn line(facts: &mut Facts, name: &str) -> LineStatus {
        let (line, kind, record) = (LineId::from(name), LineKind::Ard, RecordPolicy::On);
        let about =
            LineFacts { line: line.clone(), name: name.into(), number: "1".into(), kind, csrc: Csrc(1), record };
        facts.lines.insert(line.clone(), about);
        LineStatus { call: Some(CallId(1)), ..LineStatus::idle(line, NOW) }
    }

    fn rings(facts: &mut Facts, name: &str) {
        let ring = Some(Ring::new(RingPriority::High, NOW, "Far".into()));
        let status = LineStatus { ring, ..line(facts, name) };
        facts.statuses.insert(name.into(), status);
    }

    fn on_a_handset() -> Facts {
        let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
        let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::Left);
        let party = Party::new(user, turret, position, NOW);
        let status = LineStatus { parties: vec![party], ..line(&mut facts, "calder") };
        facts.statuses.insert("calder".into(), status);
        facts
    }

    #[test]
    fn ring_3_in_a_call_a_new_call_is_silent_or_rings_where_that_is_the_policy() {
        for (policy, expected) in [
            (RingInCall::Lamp, vec![]),
            (RingInCall::Beep, vec![BEEP]),
            (RingInCall::Ring, vec![(Position::Speakers, PlaybackControl::Start(Tone::RingHigh))]),
        ] {
            let mut facts = Facts { ring_in_call: policy, ..on_a_handset() };
            rings(&mut facts, "desk");
            assert_eq!(Tones::default().follow(&facts, true), expected);
        }
    }

    #[test]
    fn ring_1_what_is_only_seen_here_makes_no_sound_until_it_is_heard() {
        let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
        rings(&mut facts, "desk");
        let set = |facts: &mut Facts, quiet_at| {
            let status = facts.statuses.get_mut(&LineId::from("desk")).unwrap();
            status.ring.as_mut().unwrap().quiet_at = quiet_at;
        };
        let mut tones = Tones::default();
        set(&mut facts, vec![TurretId(1)]);
        assert_eq!(tones.follow(&facts, true), []);
        set(&mut facts, vec![TurretId(2)]);
        assert_eq!(tones.follow(&facts, true), [(Position::Speakers, PlaybackControl::Start(Tone::RingHigh))]);
    }

    #[test]
    fn ring_3_a_call_that_comes_while_a_handset_is_in_use_gives_one_beep() {
        let (mut tones, mut facts) = (Tones::default(), on_a_handset());
        assert_eq!(tones.follow(&facts, true), []);
        rings(&mut facts, "desk");
        assert_eq!(tones.follow(&facts, true), [BEEP]);
        assert_eq!(tones.follow(&facts, true), []);
        rings(&mut facts, "other");
        assert_eq!(tones.follow(&facts, true), [BEEP]);
    }

    #[test]
    fn ring_3_a_call_that_rang_before_the_handset_was_taken_gives_no_beep() {
        let (mut tones, mut facts) = (Tones::default(), Facts::default());
        rings(&mut facts, "desk");
        assert_eq!(tones.follow(&facts, true), [(Position::Speakers, PlaybackControl::Start(Tone::RingHigh))]);
        let mut facts = on_a_handset();
        rings(&mut facts, "desk");
        assert_eq!(tones.follow(&facts, true), [(Position::Speakers, PlaybackControl::Stop(Tone::RingHigh))]);
    }

    #[test]
    fn a_call_that_rings_on_through_a_loss_of_the_switch_gives_no_second_beep() {
        let (mut tones, mut facts) = (Tones::default(), on_a_handset());
        rings(&mut facts, "desk");
        assert_eq!(tones.follow(&facts, true), [BEEP]);
        assert_eq!(tones.follow(&facts, false), []);
        assert_eq!(tones.follow(&facts, true), []);
    }

    #[test]
    fn ring_4_an_intercom_sounds_only_at_who_wishes_to_answer_it_and_not_where_it_waits_unheard() {
        let intercom = |rings| {
            let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
            let caller = UserId::from("lindt");
            let call =
                dealerboard_model::IntercomCall { caller, callee: None, group: None, rings, latched: Vec::new() };
            let status = line(&mut facts, "intercom-1");
            facts.lines.values_mut().for_each(|about| about.kind = LineKind::Intercom);
            let ring = Some(Ring::new(RingPriority::Low, NOW, "Lindt".into()));
            let status = LineStatus { ring, intercom: Some(Box::new(call)), ..status };
            facts.statuses.insert("intercom-1".into(), status);
            Tones::default().follow(&facts, true)
        };
        assert_eq!(intercom(true), [(Position::Speakers, PlaybackControl::Start(Tone::RingLow))]);
        assert_eq!(intercom(false), []);
    }

    #[test]
    fn ring_4_what_is_quiet_here_makes_no_sound() {
        let (mut tones, mut facts) = (Tones::default(), Facts { turret: Some(TurretId(1)), ..Facts::default() });
        let ring = Ring { quiet_at: vec![TurretId(1)], ..Ring::new(RingPriority::Low, NOW, "Far".into()) };
        let status = LineStatus { ring: Some(ring), ..line(&mut facts, "ext") };
        facts.statuses.insert("ext".into(), status);
        assert_eq!(tones.follow(&facts, true), []);
    }

    #[test]
    fn dial_1_the_dial_tone_is_heard_until_the_first_digit_and_ringback_while_it_rings() {
        let (mut tones, mut facts) = (Tones::default(), on_a_handset());
        let mut put = |phase, number: &str| {
            let status = facts.statuses.get_mut(&LineId::from("calder")).unwrap();
            let dialled = dealerboard_model::Dialled { number: number.into(), name: None, incoming: false };
            (status.phase, status.dialled) = (phase, Some(Box::new(dialled)));
            tones.follow(&facts, true)
        };
        let at = Position::Left;
        assert_eq!(put(LinePhase::Dialling, ""), [(at, PlaybackControl::Start(Tone::Dial))]);
        assert_eq!(put(LinePhase::Dialling, "4"), [(at, PlaybackControl::Stop(Tone::Dial))]);
        assert_eq!(put(LinePhase::Calling, "4012"), [(at, PlaybackControl::Start(Tone::Ringback))]);
        assert_eq!(put(LinePhase::Talking, "4012"), [(at, PlaybackControl::Stop(Tone::Ringback))]);
    }

    #[test]
    fn ring_4_a_private_wire_rings_on_at_who_does_not_want_to_be_disturbed() {
        let (mut tones, mut facts) = (Tones::default(), Facts::default());
        let (user, roles) = (UserId::from("reyes"), Vec::new());
        let [name, desk_name, seat] = ["A. Reyes", "Rates", "1"].map(str::to_owned);
        let status = PersonStatus { user: user.clone(), logged_on: true, dnd: true, busy: false };
        facts.me = Some(Me { user: user.clone(), name, desk: "rates".into(), desk_name, seat, roles });
        facts.person_statuses.insert(user, status);
        rings(&mut facts, "desk");
        assert_eq!(tones.follow(&facts, true), [(Position::Speakers, PlaybackControl::Start(Tone::RingHigh))]);
    }
}
