//! The microphones that the header lists.

use super::Look;
use crate::facts::Facts;
use crate::mics::{self, Gate};
use crate::view::MicView;
use dealerboard_model::{LineId, Position, Uplink};
use dealerboard_wire::OpenMic;

impl Look<'_> {
    /// Every microphone that sound goes out of, and those that a talk key keeps from being heard. What the user muted goes
    /// out to nobody.
    pub(super) fn open_mics(&self) -> Vec<MicView> {
        let (open, mut shown) = (mics::open(self.facts, self.local), mics::shown(self.facts, self.local));
        shown.retain(|(mic, position)| !mics::is_muted(self.local, mic.uplink, *position));
        let listed = |gate: &Gate, mic: &OpenMic| gate.line.as_ref() == Some(&mic.line) && gate.uplink == mic.uplink;
        let on_their_way = open.iter().filter(|gate| !shown.iter().any(|(mic, _)| listed(gate, mic)));
        let on_their_way = on_their_way.map(|gate| self.mic_on_its_way(gate));
        let shown = shown.iter().map(|(mic, _)| self.mic(mic, !open.iter().any(|gate| listed(gate, mic))));
        self.one_a_broadcast(one_a_conference(shown.chain(on_their_way).collect(), self.facts))
    }

    /// A microphone that is open towards several lines by one talk key is one microphone, with the name of what the key talks to.
    fn one_a_broadcast(&self, mics: Vec<MicView>) -> Vec<MicView> {
        let (ours, mut all) = of_one_key(mics, |line| self.local.several.talks_to(line));
        let lines = ours.len();
        let one = ours.into_iter().reduce(|one, other| MicView {
            since_utc_ms: one.since_utc_ms.min(other.since_utc_ms),
            hearers: one.hearers + other.hearers,
            closes_utc_ms: one.closes_utc_ms.into_iter().chain(other.closes_utc_ms).min(),
            ..one
        });
        all.extend(one.map(|one| match lines {
            1 => one,
            _ => MicView { name: format!("{} · {lines} lines", self.name_of_several()), ..one },
        }));
        all
    }

    fn mic(&self, mic: &OpenMic, muted: bool) -> MicView {
        MicView {
            line: Some(mic.line.clone()),
            name: self.name(&mic.line),
            position: device_of(mic.uplink),
            since_utc_ms: mic.since.utc_ms,
            hearers: mic.hearers,
            muted,
            closes_utc_ms: mic.closes_at.map(|it| it.utc_ms),
        }
    }

    /// One that the switch does not list yet.
    fn mic_on_its_way(&self, gate: &Gate) -> MicView {
        let called = || self.local.calls.at(gate.position).map(|(_, call)| self.facts.name_of_whom(&call.whom)).next();
        let press = self.local.mics.pending().find(|it| it.line == gate.line && it.position == gate.position);
        MicView {
            line: gate.line.clone(),
            name: gate.line.as_ref().map_or_else(|| called().unwrap_or_default(), |line| self.name(line)),
            position: device_of(gate.uplink),
            since_utc_ms: press.map_or(0, |it| it.since_utc_ms),
            hearers: 0,
            muted: false,
            closes_utc_ms: None,
        }
    }
}

/// A microphone that is open towards a conference is one microphone, with the names of all its lines. One that is open by a talk
/// key is never counted to those that the key keeps from being heard.
fn one_a_conference(mics: Vec<MicView>, facts: &Facts) -> Vec<MicView> {
    let mut all: Vec<MicView> = Vec::new();
    for mic in mics {
        let alike = |known: &MicView| known.position == mic.position && known.muted == mic.muted;
        let joined = |known: &MicView| match (&known.line, &mic.line) {
            (Some(one), Some(other)) => alike(known) && one != other && facts.are_joined(one, other),
            _ => false,
        };
        match all.iter_mut().find(|known| joined(known)) {
            Some(known) => known.name = format!("{} + {}", known.name, mic.name),
            None => all.push(mic),
        }
    }
    all
}

/// The microphones that one key keeps open, and all others. A call that the key keeps from being heard is none of it, though the
/// key was pressed for its line too.
fn of_one_key(mics: Vec<MicView>, talks_to: impl Fn(&LineId) -> bool) -> (Vec<MicView>, Vec<MicView>) {
    let several = |mic: &MicView| mic.position == Position::HandsFree && mic.line.as_ref().is_some_and(&talks_to);
    let open = mics.iter().any(|mic| several(mic) && !mic.muted);
    mics.into_iter().partition(|mic| several(mic) && !(open && mic.muted))
}

/// The position whose microphone an uplink carries.
fn device_of(uplink: Uplink) -> Position {
    match uplink {
        Uplink::Left => Position::Left,
        Uplink::Right => Position::Right,
        Uplink::Mic => Position::HandsFree,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::{ConferenceId, ConferenceLine, ConferenceStatus, LineStatus, Moment};

    fn mic(line: &str, muted: bool) -> MicView {
        MicView {
            line: Some(line.into()),
            name: line.to_owned(),
            position: Position::HandsFree,
            since_utc_ms: 0,
            hearers: 0,
            muted,
            closes_utc_ms: None,
        }
    }

    #[test]
    fn i3_a_key_of_several_lines_is_shown_open_though_it_keeps_a_call_on_one_of_them_from_being_heard() {
        let all = vec![mic("calder", true), mic("macro", false), mic("rates", false)];
        let (ours, others) = of_one_key(all, |_| true);
        let lines = |mics: Vec<MicView>| mics.into_iter().map(|mic| (mic.name, mic.muted)).collect::<Vec<_>>();
        assert_eq!(lines(ours), [("macro".to_owned(), false), ("rates".to_owned(), false)]);
        assert_eq!(lines(others), [("calder".to_owned(), true)]);
    }

    #[test]
    fn i3_a_talk_into_a_line_of_ones_own_conference_is_shown_open_beside_the_call_that_it_keeps_from_being_heard() {
        let now = Moment { mono_us: 0, utc_ms: 0 };
        let both = ["calder", "norrbank"];
        let line = |line: &str| ConferenceLine { line: line.into(), name: line.into(), by: "reyes".into() };
        let conference = ConferenceStatus { id: ConferenceId(1), lines: both.map(line).into(), unattended: false };
        let status =
            |line: &str| LineStatus { conference: Some(conference.clone()), ..LineStatus::idle(line.into(), now) };
        let facts = Facts { statuses: both.map(|line| (LineId::from(line), status(line))).into(), ..Facts::default() };
        let shown = one_a_conference(vec![mic("calder", true), mic("norrbank", true), mic("norrbank", false)], &facts);
        let shown: Vec<(&str, bool)> = shown.iter().map(|mic| (mic.name.as_str(), mic.muted)).collect();
        assert_eq!(shown, [("calder + norrbank", true), ("norrbank", false)]);
    }
}
