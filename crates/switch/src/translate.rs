//! The one place where the protocol and call control meet: acts in; refusals, events, microphones, tones and routes out. Pure.

use dealerboard_call_control::{
    Accepted, Act, MicReport, Output, Refusal, RefusalCode, RingInCall, RouteLeg, SecondPress, Sound, TalkMode,
};
use dealerboard_model::{Csrc, LineId, Moment, TrackId, TurretId, Uplink};
use dealerboard_rtc::switch::forward::{Lane, Leg, Route};
use dealerboard_wire as wire;

/// Whom an event is for.
pub enum To {
    /// One turret.
    One(TurretId),
    /// These.
    Each(Vec<TurretId>),
}

/// What turrets are told as call control says it, and who is; or the output itself, where more has to be known or done.
///
/// # Errors
/// None: the output is given back.
pub fn event(output: Output, now: Moment) -> Result<(To, wire::Event), Box<Output>> {
    Ok(match output {
        Output::Line { status, to } => (To::Each(to), wire::Event::Line { status }),
        Output::Mics { turret, mics } => {
            (To::One(turret), wire::Event::OpenMics { mics: mics.into_iter().map(mic).collect() })
        }
        Output::Notice { turret, line, sentence, sound } => {
            let notice = wire::Notice { line, sentence, tone: sound.map(tone), at: now };
            (To::One(turret), wire::Event::Notice(notice))
        }
        Output::Broadcast { turret, status } => (To::One(turret), wire::Event::Broadcast { status }),
        Output::Listeners { turret, line, people, may_set } => {
            (To::One(turret), wire::Event::Listeners { line, people, may_set })
        }
        output @ (Output::Answer { .. }
        | Output::Person(_)
        | Output::LineAdded { .. }
        | Output::LineRemoved { .. }
        | Output::Route { .. }
        | Output::Await { .. }
        | Output::Locked { .. }
        | Output::PanelChanged { .. }
        | Output::SessionOver { .. }
        | Output::History { .. }
        | Output::Message { .. }
        | Output::Kept { .. }
        | Output::RecordingOpened { .. }
        | Output::TrackOpened { .. }
        | Output::TrackClosed { .. }
        | Output::Happened { .. }
        | Output::RecordingClosed { .. }) => return Err(Box::new(output)),
    })
}

/// The route of an uplink, with lines and talker as packets name them.
pub fn route(
    talker: Csrc,
    legs: &[RouteLeg],
    tracks: Vec<TrackId>,
    follows: Option<(TurretId, Uplink)>,
    label: impl Fn(&LineId) -> Option<Csrc>,
) -> Route {
    let leg = |leg: &RouteLeg| {
        let lane = if leg.handset { Lane::Handset } else { Lane::Speaker };
        Some(Leg { hearer: leg.hearer, line: label(&leg.label)?, lane })
    };
    Route { talker, legs: legs.iter().filter_map(leg).collect(), tracks, follows }
}

/// Who decides an act.
pub enum ToWhom {
    /// Call control.
    CallControl(Act),
    /// The history: its user hides an entry, or all.
    History(Option<u64>),
}

/// An act of the protocol as it is taken.
pub fn act(act: &wire::Act) -> ToWhom {
    ToWhom::CallControl(match act.clone() {
        wire::Act::HideHistory { entry } => return ToWhom::History(entry),
        wire::Act::Seize { line, position, private } => Act::Seize { line, position, private },
        wire::Act::Answer { line, call, position, private } => Act::Answer { line, call, position, private },
        wire::Act::Bridge { line, call, position } => Act::Bridge { line, call, position },
        wire::Act::Resume { line, call, position, private } => Act::Resume { line, call, position, private },
        wire::Act::Hold { line, exclusive } => Act::Hold { line, exclusive },
        wire::Act::Release { line } => Act::Release { line },
        wire::Act::Join { line, call, position } => Act::Join { line, call, position },
        wire::Act::Move { line, call, position } => Act::Move { line, call, position },
        wire::Act::TakeOver { line, call, position } => Act::TakeOver { line, call, position },
        wire::Act::Transfer { line, to } => Act::Transfer { line, to },
        wire::Act::Announce { line, to } => Act::Announce { line, to },
        wire::Act::Complete { line } => Act::Complete { line },
        wire::Act::Cancel { line } => Act::Cancel { line },
        wire::Act::Unjoin { line } => Act::Unjoin { line },
        wire::Act::Private { line, on } => Act::Private { line, on },
        wire::Act::Override { line, call, position, reason } => Act::Override { line, call, position, reason },
        wire::Act::Clear { line } => Act::Clear { line },
        wire::Act::Service { line, out } => Act::Service { line, out },
        wire::Act::Signal { line, on } => Act::Signal { line, on },
        wire::Act::Talk { line, on, latched } => Act::Talk { line, on, latched },
        wire::Act::Broadcast { lines, on, latched } => Act::Broadcast { lines, on, latched },
        wire::Act::BroadcastLine { line, on } => Act::BroadcastLine { line, on },
        wire::Act::Right { line, user, allowed } => Act::Right { line, user, allowed },
        wire::Act::WhoHears { line } => Act::WhoHears { line },
        wire::Act::OpenMic { line } => Act::OpenMic { line },
        wire::Act::Intercom { user, position } => Act::Intercom { user, position },
        wire::Act::IntercomGroup { group, position } => Act::IntercomGroup { group, position },
        wire::Act::IntercomPicked { users, position } => Act::IntercomPicked { users, position },
        wire::Act::TalkBack { line, on, latched } => Act::TalkBack { line, on, latched },
        wire::Act::Divert { line, when, to } => Act::Divert { line, when, to },
        wire::Act::Dial { line, digits } => Act::Dial { line, digits },
        wire::Act::Call { line, number, position, private } => Act::Call { line, number, position, private },
        wire::Act::Lock => Act::Lock,
        wire::Act::Dnd { on } => Act::Dnd { on },
    })
}

/// The answer to a command.
pub fn answer(result: Result<Accepted, Refusal>) -> wire::Answer {
    match result {
        Ok(Accepted { line, position, call }) => wire::Answer::Done { line, position, call },
        Err(Refusal { code: why, sentence }) => wire::Answer::Refused(wire::Refusal { code: code(why), sentence }),
    }
}

fn code(code: RefusalCode) -> wire::RefusalCode {
    match code {
        RefusalCode::AnsweredBy => wire::RefusalCode::AnsweredBy,
        RefusalCode::ResumedBy => wire::RefusalCode::ResumedBy,
        RefusalCode::Private => wire::RefusalCode::Private,
        RefusalCode::HeldExclusive => wire::RefusalCode::HeldExclusive,
        RefusalCode::StillRinging => wire::RefusalCode::StillRinging,
        RefusalCode::ListenOnly => wire::RefusalCode::ListenOnly,
        RefusalCode::NoRight => wire::RefusalCode::NoRight,
        RefusalCode::NotRecorded => wire::RefusalCode::NotRecorded,
        RefusalCode::MutedGlobal => wire::RefusalCode::MutedGlobal,
        RefusalCode::TalkersFull => wire::RefusalCode::TalkersFull,
        RefusalCode::PositionBusy => wire::RefusalCode::PositionBusy,
        RefusalCode::OutOfService => wire::RefusalCode::OutOfService,
        RefusalCode::Stale => wire::RefusalCode::Stale,
        RefusalCode::UnknownNumber => wire::RefusalCode::UnknownNumber,
        RefusalCode::GroupFull => wire::RefusalCode::GroupFull,
        RefusalCode::NotHoldable => wire::RefusalCode::NotHoldable,
        RefusalCode::Loop => wire::RefusalCode::Loop,
        RefusalCode::Dnd => wire::RefusalCode::Dnd,
        RefusalCode::NotYours => wire::RefusalCode::NotYours,
        RefusalCode::NobodyThere => wire::RefusalCode::NobodyThere,
        RefusalCode::Busy => wire::RefusalCode::Busy,
        RefusalCode::Locked => wire::RefusalCode::Locked,
    }
}

/// What a press on a talk key does.
pub fn talk_mode(mode: TalkMode) -> dealerboard_model::TalkMode {
    match mode {
        TalkMode::Momentary => dealerboard_model::TalkMode::Momentary,
        TalkMode::Latched => dealerboard_model::TalkMode::Latched,
        TalkMode::Both => dealerboard_model::TalkMode::Both,
    }
}

/// An open microphone as the turret's header shows it.
pub fn mic(report: MicReport) -> wire::OpenMic {
    let MicReport { uplink, position, line, since, hearers, muted, closes_at } = report;
    wire::OpenMic { uplink, position: Some(position), line, since, hearers, muted, closes_at }
}

/// What a second press does.
pub fn second_press(policy: SecondPress) -> wire::SecondPress {
    match policy {
        SecondPress::Nothing => wire::SecondPress::Nothing,
        SecondPress::Release => wire::SecondPress::Release,
        SecondPress::Hold => wire::SecondPress::Hold,
    }
}

/// What a new call sounds like in a call.
pub fn ring_in_call(policy: RingInCall) -> dealerboard_model::RingInCall {
    match policy {
        RingInCall::Lamp => dealerboard_model::RingInCall::Lamp,
        RingInCall::Beep => dealerboard_model::RingInCall::Beep,
        RingInCall::Ring => dealerboard_model::RingInCall::Ring,
    }
}

/// A tone.
pub fn tone(sound: Sound) -> wire::Tone {
    match sound {
        Sound::Beep => wire::Tone::Beep,
        Sound::Blocking => wire::Tone::Blocking,
        Sound::Splash => wire::Tone::Splash,
        Sound::Reminder => wire::Tone::Reminder,
        Sound::Warning => wire::Tone::Warning,
        Sound::Override => wire::Tone::Override,
        Sound::Busy => wire::Tone::Busy,
        Sound::Fail => wire::Tone::Fail,
        Sound::Message => wire::Tone::Message,
    }
}
