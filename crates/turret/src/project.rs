//! What the turret knows, as the panel shows it.
//!
//! Law: pure; the same facts give the same view. While the link is not up, every lamp is stale.

use crate::calling::Calls;
use crate::dialling::Waiting;
use crate::facts::Facts;
use crate::lock;
use crate::mics::{self, Mics};
use crate::mutes::Mutes;
use crate::several::Several;
use crate::view::{
    DeviceView, Header, KeyView, LinkView, NoticeView, PageView, PlayingView, PositionView, RecorderState,
    RecorderView, View,
};
use dealerboard_model::{
    FarEnd, Lamp, LineFacts, LineId, LineKind, LinePhase, LineStatus, Mute, Party, Position, Proof, Right, Role, lamp,
};
use dealerboard_wire::RecorderHealth;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The words of a position whose call is not answered yet.
pub const CALLING: &str = "Calling";

/// The words of an idle MRD's key whose far end waits (rule MRD-1).
pub const FAR_END_OPEN: &str = "FAR END OPEN";

/// The words of an MRD's key whose far end has released (rule MRD-5).
pub const FAR_END_GONE: &str = "FAR END GONE";

/// Before the seat of the other turret at which this one's user is logged on (rule LOG-1).
const YOU_AT: &str = "you at ";

/// How a talk key stands at this turret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TalkKey {
    /// Open while held.
    Held,
    /// Open until pressed again.
    Latched,
    /// Refused just now.
    Refused,
}

/// What the turret knows by itself.
#[derive(Clone, Debug)]
pub struct Local {
    /// Address of the switch that is spoken to, or would be: `wss://host:port`.
    pub switch: String,
    /// The link to the switch.
    pub link: LinkView,
    /// The last knowledge, UTC milliseconds, while stale.
    pub stale_since_utc_ms: Option<i64>,
    /// The switch's clock minus this machine's, milliseconds.
    pub clock_offset_ms: f64,
    /// Where the next key lands.
    pub selected: Option<Position>,
    /// Lines with a press on its way.
    pub pressed: BTreeSet<LineId>,
    /// Positions that the user muted.
    pub muted: Mutes,
    /// Idle positions whose next call is private.
    pub next_private: BTreeSet<Position>,
    /// Microphones, as far as this turret alone knows about them.
    pub mics: Mics,
    /// Intercoms on their way.
    pub calls: Calls,
    /// Digits that wait for their line.
    pub dialling: Waiting,
    /// The number that was dialled last.
    pub last_dialled: Option<String>,
    /// The message that is played.
    pub playing: Option<PlayingView>,
    /// Talk keys that are not shut.
    pub talk: BTreeMap<LineId, TalkKey>,
    /// The talk key of several lines.
    pub several: Several,
    /// Channels as the user set them.
    pub channels: BTreeMap<LineId, ChannelSetting>,
    /// Volumes of positions, 0 to 1.
    pub volumes: BTreeMap<Position, f32>,
    /// Devices in use.
    pub devices: BTreeMap<Position, DeviceView>,
    /// The newest notice when the turret was locked.
    pub told_before_lock: u32,
    /// What happened lately, newest first.
    pub activity: VecDeque<NoticeView>,
}

impl Local {
    /// Nothing can be said at this position.
    #[must_use]
    pub fn lacks_microphone(&self, position: Position) -> bool {
        self.devices.get(&position).is_none_or(|it| it.microphone.is_none())
    }

    /// A talk key that is meant for `line` is down.
    #[must_use]
    pub fn talks_to(&self, line: &LineId) -> bool {
        matches!(self.talk.get(line), Some(TalkKey::Held | TalkKey::Latched)) || self.several.talks_to(line)
    }
}

impl Default for Local {
    fn default() -> Self {
        Self {
            switch: String::new(),
            link: LinkView::LoggedOff,
            stale_since_utc_ms: None,
            clock_offset_ms: 0.0,
            selected: None,
            pressed: BTreeSet::new(),
            muted: Mutes::default(),
            next_private: BTreeSet::new(),
            mics: Mics::default(),
            calls: Calls::default(),
            dialling: Waiting::default(),
            last_dialled: None,
            playing: None,
            talk: BTreeMap::new(),
            several: Several::default(),
            channels: BTreeMap::new(),
            volumes: BTreeMap::new(),
            devices: BTreeMap::new(),
            told_before_lock: 0,
            activity: VecDeque::new(),
        }
    }
}

/// The whole view.
#[must_use]
pub fn project(facts: &Facts, local: &Local) -> View {
    let look = Look { facts, local };
    let mut view = View {
        header: look.header(),
        pages: look.pages(),
        keys: look.lines().map(|(about, status)| look.key(about, status)).collect(),
        positions: Position::ALL.map(|it| look.position(it)).into(),
        channels: (1..).zip(facts.channels()).filter_map(|(number, line)| look.channel(number, line)).collect(),
        channel_groups: look.channel_groups(),
        groups: look.groups(),
        people: look.people(),
        incoming: look.incoming(),
        activity: local.activity.iter().take(50).cloned().collect(),
    };
    if facts.locked {
        lock::veil(&mut view, facts, local);
    }
    view
}

struct Look<'a> {
    facts: &'a Facts,
    local: &'a Local,
}

impl<'a> Look<'a> {
    fn up(&self) -> bool {
        matches!(self.local.link, LinkView::Up { .. })
    }

    fn is_me(&self, user: &dealerboard_model::UserId) -> bool {
        self.facts.me.as_ref().is_some_and(|me| me.user == *user)
    }

    fn is_a(&self, role: Role) -> bool {
        self.facts.me.as_ref().is_some_and(|me| me.roles.contains(&role))
    }

    fn lines(&self) -> impl Iterator<Item = (&'a LineFacts, &'a LineStatus)> {
        let facts = self.facts;
        facts.lines.values().filter_map(|it| Some((it, facts.statuses.get(&it.line)?)))
    }

    fn lamp(&self, status: &LineStatus) -> Lamp {
        match self.facts.turret {
            Some(turret) if self.up() => lamp(status, turret),
            _ => Lamp::Stale,
        }
    }

    /// Whether what is said on a line is recorded. Nothing is claimed that the switch may contradict.
    fn proof(&self, status: &LineStatus) -> Proof {
        if self.up() { status.proof.clone() } else { Proof::Silent }
    }

    fn header(&self) -> Header {
        let me = self.facts.me.as_ref();
        let may_review = me.is_some_and(|it| it.roles.iter().any(|role| role.may_review()));
        let dnd = me.and_then(|it| self.facts.person_statuses.get(&it.user)).is_some_and(|it| it.dnd);
        let (state, words) = match &self.facts.recorder {
            _ if !self.up() => (RecorderState::NotKnown, "Not known".to_owned()),
            RecorderHealth::Ok => (RecorderState::Ok, "All recorded".to_owned()),
            RecorderHealth::Failing { why } => (RecorderState::Failing, format!("Not recorded: {why}")),
        };
        Header {
            user: me.map(|it| it.name.clone()).unwrap_or_default(),
            desk: me.map(|it| it.desk_name.clone()).unwrap_or_default(),
            seat: me.map(|it| it.seat.clone()).unwrap_or_default(),
            user_id: me.map(|it| it.user.clone()),
            floor: self.facts.floor.clone(),
            switch: self.local.switch.clone(),
            link: self.local.link.clone(),
            recorder: RecorderView { state, words },
            mics: self.open_mics(),
            dnd,
            dial: self.dial(),
            missed: self.facts.history.missed(),
            can_lock: self.facts.takes_locks && !self.facts.locked,
            lock: self.facts.locked.then(|| lock::shown(self.facts)),
            messages: self.facts.history.waiting(),
            playing: self.local.playing.clone(),
            may_review,
            clock_offset_ms: self.local.clock_offset_ms,
        }
    }

    fn name(&self, line: &LineId) -> String {
        self.facts.lines.get(line).map(|it| it.name.clone()).unwrap_or_default()
    }

    fn pages(&self) -> Vec<PageView> {
        let rings = |line: &&LineId| self.facts.statuses.get(*line).is_some_and(|it| self.facts.rings_here(it));
        let page = |it: &dealerboard_wire::Page| PageView {
            name: it.name.clone(),
            keys: it.keys.clone(),
            ringing: it.keys.iter().flatten().filter(rings).map(|_| 1).sum(),
        };
        self.facts.pages.iter().map(page).collect()
    }

    fn key(&self, about: &LineFacts, status: &LineStatus) -> KeyView {
        let lamp = self.lamp(status);
        let mine = self.facts.party_of(&about.line);
        let hold = status.holders.iter().find(|it| Some(it.turret) == self.facts.turret);
        let timer = match lamp {
            Lamp::RingingHigh | Lamp::RingingLow => status.ring.as_ref().map(|it| it.since),
            Lamp::InUseHere => mine.map(|it| it.since),
            Lamp::HeldHere => hold.map(|it| it.since),
            Lamp::Stale | Lamp::OutOfService | Lamp::InUseElsewhere | Lamp::HeldElsewhere | Lamp::Idle => None,
        };
        let who = self.who(status);
        KeyView {
            line: about.line.clone(),
            name: about.name.clone(),
            number: about.number.clone(),
            kind: about.kind,
            lamp,
            words: self.key_words(about, status, lamp, &who),
            who,
            timer_utc_ms: timer.map(|it| it.utc_ms),
            call: status.call,
            position: mine.map(|it| it.position),
            proof: self.proof(status),
            signalled_utc_ms: status.signalled.map(|it| it.utc_ms),
            pressed: self.local.pressed.contains(&about.line),
            right: self.facts.rights.get(&about.line).copied(),
            talk_mode: self.talk_mode(&about.line),
            talk: about.kind.is_open().then(|| self.talk(&about.line)),
            mute: if self.up() { status.mute } else { Mute::None },
            diverts: status.diverts.clone(),
            diverted: dial_look::diverted(status).filter(|_| self.up()),
            can_divert: self.up() && self.is_diverted_here(about),
            locked: self.up() && (status.private_by().is_some() || status.is_held_exclusively()),
            can_override: self.is_a(Role::Supervisor)
                && about.kind.has_two_ends()
                && matches!(lamp, Lamp::InUseElsewhere | Lamp::HeldElsewhere),
            can_clear: self.is_a(Role::Administrator)
                && about.kind.has_two_ends()
                && self.up()
                && !(status.parties.is_empty() && status.holders.is_empty()),
            can_service: self.is_a(Role::Administrator) && about.kind != LineKind::Intercom && self.up(),
            stale_since_utc_ms: self.local.stale_since_utc_ms.filter(|_| !self.up()),
        }
    }

    /// Everybody on a line, once each; of a hoot, everybody who talks. Somebody who is logged on at two turrets knows the other one by its seat.
    fn who(&self, status: &LineStatus) -> Vec<String> {
        let mut who: Vec<String> = Vec::new();
        let name = |party: &Party| match self.facts.other_seat_of_mine(party) {
            Some(seat) => format!("{YOU_AT}{seat}"),
            None => self.facts.name_of(&party.user),
        };
        // Who listens to a hoot at a handset is nobody whom others have to know of.
        let parties = status.parties.iter().filter(|_| !self.facts.is_hoot(&status.line)).chain(&status.holders);
        let parties: Vec<&Party> = parties.collect();
        let talks = status.talkers.iter().filter(|it| !parties.iter().any(|party| party.user == it.user));
        for name in parties.iter().map(|party| name(party)).chain(talks.map(|it| self.facts.name_of(&it.user))) {
            if !who.contains(&name) {
                who.push(name);
            }
        }
        who
    }

    fn key_words(&self, about: &LineFacts, status: &LineStatus, lamp: Lamp, who: &[String]) -> String {
        let company = |names: &[String]| match names {
            [] => String::new(),
            [one] => one.clone(),
            [one, two] => format!("{}, {}", family(one), family(two)),
            more => format!("{} on line", more.len()),
        };
        match (status.far, lamp) {
            (_, Lamp::Stale) => "Stale".into(),
            (_, Lamp::OutOfService) => "Out of service".into(),
            (FarEnd::Held, Lamp::InUseHere) => "HELD BY FAR END".into(),
            (FarEnd::LinkLost, Lamp::InUseHere) => "LINK LOST".into(),
            (FarEnd::SentOn, Lamp::InUseHere) => "SENT ON".into(),
            (FarEnd::Gone, Lamp::InUseHere) => FAR_END_GONE.into(),
            (FarEnd::Open, Lamp::Idle) => FAR_END_OPEN.into(),
            (_, Lamp::RingingHigh | Lamp::RingingLow) => match status.ring.as_ref().filter(|ring| ring.recall) {
                Some(_) if status.sent_to.is_some() => "BACK TO YOU".into(),
                Some(ring) => format!("ON HOLD · {}", family(&ring.from)),
                None if !self.facts.is_heard_here(status) && status.rings_at.is_some() => {
                    dial_look::diverted_words(status)
                }
                None if status.voicemail.is_some() => "LEAVES A MESSAGE".into(),
                None => dial_look::other_end(status).unwrap_or_else(|| "RINGING".into()),
            },
            (_, Lamp::InUseHere) => {
                let me = self.facts.me.as_ref().map(|it| it.name.as_str());
                let others: Vec<String> = who.iter().filter(|it| Some(it.as_str()) != me).cloned().collect();
                let others: Vec<String> = dial_look::other_end(status).into_iter().chain(others).collect();
                let place = self.facts.position_of(&about.line).map_or("Hands-free", place);
                let with = if others.is_empty() { place.into() } else { format!("{place} · {}", company(&others)) };
                let with = match status.conference.as_ref().map(|it| it.lines.len()) {
                    Some(lines) => format!("{place} · {lines} joined"),
                    None => with,
                };
                if status.private_by().is_some() { format!("{with} · private") } else { with }
            }
            (_, Lamp::HeldHere) => "Held by you".into(),
            (_, Lamp::InUseElsewhere) if who.is_empty() && status.conference.is_some() => "Far ends only".into(),
            (_, Lamp::InUseElsewhere) if status.private_by().is_some() => format!("{} · private", company(who)),
            (_, Lamp::InUseElsewhere) => company(who),
            (_, Lamp::HeldElsewhere) if status.sent_to.is_some() => {
                format!("On its way to {}", family(status.sent_to.as_deref().unwrap_or_default()))
            }
            (_, Lamp::HeldElsewhere) => format!("Held · {}", company(who)),
            (_, Lamp::Idle) if dial_look::diverted(status).is_some() => dial_look::diverted_words(status),
            (_, Lamp::Idle) => kind_and_number(about),
        }
    }

    fn position(&self, position: Position) -> PositionView {
        let line = self.facts.line_at(position);
        let about = line.and_then(|it| self.facts.lines.get(it));
        let status = line.and_then(|it| self.facts.statuses.get(it));
        let mic_listed = mics::shown(self.facts, self.local).iter().any(|(_, at)| *at == position);
        let on_its_way = self.local.mics.line_on_its_way_to(position).is_some();
        let muted = self.local.muted.contains(position);
        let selected = self.local.selected == Some(position);
        let hoot = line.filter(|it| self.facts.is_hoot(it));
        let keyed = hoot.filter(|it| !self.facts.open_handsets.contains(*it));
        let listens_only = hoot.is_some_and(|it| self.facts.rights.get(it) == Some(&Right::Listen));
        let talking = match hoot {
            Some(_) => keyed.is_none() && !listens_only,
            None => status.is_some_and(|it| it.phase == LinePhase::Talking),
        };
        let announcing = self.announcing(position);
        let words = match status {
            None if position == Position::Speakers => String::new(),
            None if selected => "Next key you press lands here".into(),
            None => "On hook".into(),
            Some(it) if it.phase == LinePhase::Dialling => dial_look::dialling_words(it),
            Some(LineStatus { phase: LinePhase::Calling, voicemail: Some(voicemail), .. }) => {
                dial_look::voicemail_words(voicemail)
            }
            Some(it) if it.phase == LinePhase::Calling => match dial_look::other_end(it) {
                Some(whom) => format!("{CALLING} {whom}"),
                None => CALLING.into(),
            },
            Some(it) if it.intercom.is_some() && it.ring.is_some() => "Waits for an answer".into(),
            Some(it) if it.intercom.as_ref().is_some_and(|about| about.group.is_some()) => self.group_words(it),
            Some(it) if it.intercom.is_some() && announcing.is_some() => {
                announcing.iter().map(|it| format!("about {}, on hold", it.name)).collect()
            }
            Some(it) if hoot.is_some() => self.hoot_words(it),
            Some(it) if it.far == FarEnd::Held => "Held by the far end".into(),
            Some(it) if it.far == FarEnd::SentOn => "Sent on by the far end, rings there".into(),
            Some(it) if it.far == FarEnd::LinkLost => "The far end's turret is lost".into(),
            Some(it) => {
                let users = it.parties.iter().map(|it| &it.user).filter(|it| !self.is_me(it));
                let names = users.map(|it| self.facts.name_of(it));
                let names: Vec<String> = dial_look::other_end(it).into_iter().chain(names).collect();
                if names.is_empty() { String::new() } else { format!("with {}", names.join(", ")) }
            }
        };
        PositionView {
            position,
            line: line.cloned(),
            name: line.map(|it| self.names(it)).unwrap_or_default(),
            words,
            since_utc_ms: line.and_then(|it| self.facts.party_of(it)).map(|it| it.since.utc_ms),
            mic_open: mics::open(self.facts, self.local).iter().any(|gate| gate.is_at(position)),
            muted,
            mic_lapsed: self.up() && !muted && talking && !mic_listed && !on_its_way,
            proof: status.map_or(Proof::Silent, |it| self.proof(it)),
            talk: keyed.map(|it| self.talk(it)),
            talk_since_utc_ms: keyed.and_then(|it| self.talks_since(it)),
            talk_mode: keyed.map(|it| self.talk_mode(it)).unwrap_or_default(),
            can_hold: about.is_some_and(|it| it.kind != LineKind::Intercom && !it.kind.is_open())
                && status.is_some_and(|it| !matches!(it.phase, LinePhase::Calling | LinePhase::Dialling)),
            private: line.map_or_else(
                || self.local.next_private.contains(&position),
                |it| self.facts.party_of(it).is_some_and(|me| me.private),
            ),
            can_private: about.is_none_or(|it| it.kind.has_two_ends()),
            can_signal: about.is_some_and(|it| it.kind == LineKind::Mrd)
                && status.is_some_and(|it| it.far != FarEnd::Open),
            can_transfer: about.is_some_and(|it| it.kind.has_two_ends())
                && status.is_some_and(|it| it.phase == LinePhase::Talking && it.conference.is_none()),
            announcing,
            can_speakers: line.is_some_and(|it| self.can_speakers(it)),
            joined: line.map(|it| self.joined(it)).unwrap_or_default(),
            joinable: line.map(|it| self.joinable(it)).unwrap_or_default(),
            device: self.local.devices.get(&position).cloned().unwrap_or(DeviceView {
                microphone: None,
                ear: None,
                trouble: String::new(),
            }),
            selected,
            dialling: status.is_some_and(|it| it.phase == LinePhase::Dialling),
            volume: self.local.volumes.get(&position).copied().unwrap_or(1.0),
        }
    }
}

fn kind_and_number(about: &LineFacts) -> String {
    let kind = match about.kind {
        LineKind::Ard => "ARD",
        LineKind::Mrd => "MRD",
        LineKind::Hoot => "Hoot",
        LineKind::ShoutDown => "Shout-down",
        LineKind::Intercom => "Intercom",
        LineKind::Extension => "Ext",
        LineKind::Dial => "Dial",
    };
    format!("{kind} {}", about.number).trim_end().to_owned()
}

fn family(name: &str) -> &str {
    if name.starts_with(YOU_AT) {
        return name;
    }
    name.rsplit(' ').next().unwrap_or(name)
}

fn place(position: Position) -> &'static str {
    match position {
        Position::Left => "Left",
        Position::Right => "Right",
        Position::HandsFree => "Hands-free",
        Position::Speakers => "Speakers",
    }
}

#[path = "channel_groups.rs"]
mod channel_groups;
#[path = "channels.rs"]
mod channels;
pub use channels::ChannelSetting;

#[path = "incoming.rs"]
mod incoming;
#[path = "joining.rs"]
mod joining;

#[path = "dial_look.rs"]
mod dial_look;
#[path = "open_mics.rs"]
mod open_mics;
#[path = "people.rs"]
mod people;

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
