//! Every policy: its name, type, default, range, levels, and what it is for.

use super::{Kind, Level, Plain, Spec, Value, Wins};
use dealerboard_model::LineKind;

const FLOOR: &[Level] = &[Level::Floor];
const MRD: &[Level] = &[Level::Floor, Level::Line(LineKind::Mrd)];
const ARD_AND_PERSON: &[Level] = &[Level::Floor, Level::Line(LineKind::Ard), Level::Desk, Level::User];
const RINGDOWN: &[Level] = &[Level::Floor, Level::Line(LineKind::Ard), Level::Line(LineKind::Mrd)];
const WIRE: &[Level] =
    &[Level::Floor, Level::Line(LineKind::Ard), Level::Line(LineKind::Mrd), Level::Line(LineKind::Dial)];
const HOOT: &[Level] = &[Level::Floor, Level::Line(LineKind::Hoot)];
const OPEN: &[Level] = &[Level::Floor, Level::Line(LineKind::Hoot), Level::Line(LineKind::ShoutDown)];
const OPEN_AND_PERSON: &[Level] =
    &[Level::Floor, Level::Line(LineKind::Hoot), Level::Line(LineKind::ShoutDown), Level::Desk, Level::User];
const PERSON: &[Level] = &[Level::Floor, Level::Desk, Level::User];
const DIAL_AND_PERSON: &[Level] = &[Level::Floor, Level::Line(LineKind::Dial), Level::Desk, Level::User];
const WIRE_AND_PERSON: &[Level] = &[
    Level::Floor,
    Level::Line(LineKind::Ard),
    Level::Line(LineKind::Mrd),
    Level::Line(LineKind::Dial),
    Level::Desk,
    Level::User,
];
const ANYWHERE: &[Level] = &[
    Level::Floor,
    Level::Line(LineKind::Ard),
    Level::Line(LineKind::Mrd),
    Level::Line(LineKind::Hoot),
    Level::Line(LineKind::ShoutDown),
    Level::Line(LineKind::Dial),
    Level::Desk,
    Level::User,
];

const S: u64 = 1_000;
const MIN: u64 = 60 * S;
const DAY: u64 = 1_440 * MIN;

words! {
    /// `mrd.signal`: what seizing an MRD does besides opening it.
    MrdSignal {
        /// Nothing: its user presses Signal.
        Manual = "manual",
        /// It signals once, for `signal.min`.
        Auto = "auto",
    }
}

words! {
    /// `position.busy`: what becomes of a position's call when another one takes its place.
    PositionBusy {
        /// The new one is refused.
        Refuse = "refuse",
        /// The first one is held.
        Hold = "hold",
        /// The first one is released.
        Release = "release",
    }
}

words! {
    /// `bridge.tone`: who hears that somebody has joined.
    BridgeTone {
        /// Nobody; the name is shown all the same.
        None = "none",
        /// Those at the same end.
        OwnEnd = "own end",
        /// Those at both ends.
        All = "all",
    }
}

words! {
    /// `hold.private`: for whom a private call is held.
    HoldPrivate {
        /// For its holder alone.
        Exclusive = "exclusive",
        /// For everybody with the line.
        Common = "common",
    }
}

words! {
    /// `conference.no_local`: what becomes of a conference that everybody here has left.
    ConferenceNoLocal {
        /// All its lines are released.
        Release = "release",
        /// Its far ends go on talking with each other.
        Keep = "keep",
    }
}

words! {
    /// `dnd.scope`: what do-not-disturb keeps silent.
    DndScope {
        /// The intercom.
        Intercom = "intercom",
        /// The intercom and calls to one's extension.
        IntercomAndExtension = "intercom+extension",
        /// Private wires as well.
        All = "all",
    }
}

words! {
    /// What becomes of a call when its user is gone.
    HoldOrRelease {
        /// It waits on hold for whoever can take it.
        Hold = "hold",
        /// It is released.
        Release = "release",
    }
}

words! {
    /// `transfer.on_release`: what becomes of an announced call when its sender hangs up.
    KeepOrComplete {
        /// It stays held for them.
        Keep = "keep",
        /// It goes to whom it was announced.
        Complete = "complete",
    }
}

words! {
    /// `mute`: what loudspeakers leave out of a line.
    MutePolicy {
        /// Nothing.
        None = "none",
        /// The voices of neighbours.
        Local = "local",
        /// All of it, while somebody of that end is on it by handset.
        Global = "global",
    }
}

words! {
    /// `talk.mode`: what a press on a talk key does.
    TalkMode {
        /// Open while it is held.
        Momentary = "momentary",
        /// One press opens, the next one shuts.
        Latched = "latched",
        /// Open while it is held; a tap latches.
        Both = "both",
    }
}

words! {
    /// `broadcast.ard`: what becomes of an idle private wire in a broadcast.
    BroadcastArd {
        /// It is left out.
        Skip = "skip",
        /// It rings at its far end.
        Ring = "ring",
    }
}

words! {
    /// `hoot.full`: what becomes of a talk when as many talk as may.
    HootFull {
        /// It is refused.
        Refuse = "refuse",
        /// It displaces another one.
        Newest = "newest",
    }
}

words! {
    /// `hoot.handset`: the microphone of a handset where a hoot is listened to.
    HootHandset {
        /// It opens with the hoot's talk key.
        Keyed = "keyed",
        /// It is open as in a call.
        Open = "open",
    }
}

mod intercom;
mod seats;
pub use intercom::{DndIntercom, GroupReply, IntercomAnswer, IntercomTalk};
pub use seats::{LogonSecond, SecondPress};

mod ringing;
pub use ringing::{AppearanceRing, Overflow, RingInCall, Route, Urgency};

policies! {
    "ring.timeout.ard" ring_timeout_ard_ms: Option<u64> = None, Kind::SpanOrOff(10 * S, 600 * S), RINGDOWN, Nearest,
        "how long a private wire rings before it is released by itself; without it a wire rings until somebody comes";
    "appearance.ring" appearance_ring: AppearanceRing = AppearanceRing::Ring, AppearanceRing::KIND, WIRE_AND_PERSON, Nearest,
        "whether a line rings at an appearance at once, after `ring.delay`, without a sound, or not: second desks help late";
    "ring.delay" ring_delay_ms: u64 = 10 * S, Kind::Span(0, 60 * S), WIRE_AND_PERSON, Nearest,
        "after how long a delayed ring is heard";
    "appearance.priority" appearance_priority: Urgency = Urgency::Low, Urgency::KIND, WIRE_AND_PERSON, Largest,
        "whether a line rings with high priority at an appearance though the line's own is low";
    "caller.priority" caller_priority: Urgency = Urgency::Low, Urgency::KIND, PERSON, Largest,
        "whether what a user rings rings with high priority, whatever the line";
    "ring.in_call" ring_in_call: RingInCall = RingInCall::Beep, RingInCall::KIND, PERSON, Nearest,
        "what a new call sounds like while a handset has a line";
    "route" route: Route = Route::Together, Route::KIND, WIRE, Nearest,
        "whether a line rings at all of its desk together, or at one after the other";
    "route.step" route_step_ms: u64 = 10 * S, Kind::Span(3 * S, 60 * S), WIRE, Nearest,
        "how long it rings at one before it rings at the next, about two rings";
    "route.overflow" route_overflow_ms: u64 = 30 * S, Kind::Span(5 * S, 600 * S), WIRE, Nearest,
        "how long it rings at its desk before it rings at its overflow, where it has one";
    "overflow" overflow: Overflow = Overflow::Add, Overflow::KIND, WIRE, Nearest,
        "whether it goes on ringing at its desk then";
    "ring.timeout.dial" ring_timeout_dial_ms: u64 = 20 * S, Kind::Span(6 * S, 120 * S), DIAL_AND_PERSON, Nearest,
        "how long a line that was dialled rings before its caller is told that nobody answers";
    "extension.calls" extension_calls: usize = 2, Kind::Count(1, 8), PERSON, Nearest,
        "how many calls an extension carries, so that its user can call while another call waits";
    "divert.hops" divert_hops: usize = 5, Kind::Count(1, 16), FLOOR, Smallest,
        "how often one call goes on to somebody else by their diverts";
    "dial.first_digit" dial_first_digit_ms: u64 = 15 * S, Kind::Span(5 * S, 60 * S), DIAL_AND_PERSON, Nearest,
        "how long a line waits for the first digit, because a forgotten dial tone keeps it from others";
    "dial.next_digit" dial_next_digit_ms: u64 = 5 * S, Kind::Span(2 * S, 15 * S), DIAL_AND_PERSON, Nearest,
        "how long it waits for one more digit before what was dialled is the number";
    "dial.out_ring" dial_out_ring_ms: u64 = 120 * S, Kind::Span(30 * S, 300 * S), DIAL_AND_PERSON, Nearest,
        "how long a caller lets it ring at most, however often the call goes on to somebody else";
    "voicemail" voicemail: bool = true, Kind::ON_OFF, PERSON, Smallest,
        "whether who calls an extension and reaches nobody may leave a message there";
    "voicemail.max" voicemail_max_ms: u64 = 180 * S, Kind::Span(30 * S, 900 * S), PERSON, Smallest,
        "how long a message may be";
    "voicemail.min" voicemail_min_ms: u64 = 2 * S, Kind::Span(0, 10 * S), PERSON, Nearest,
        "how long a message must be: what is shorter is a call that was missed";
    "tone.fail" tone_fail_ms: u64 = 5 * S, Kind::Span(S, 30 * S), PERSON, Nearest,
        "how long a caller hears that a call did not come about";
    "position.busy" position_busy: PositionBusy = PositionBusy::Hold, PositionBusy::KIND, PERSON, Nearest,
        "what becomes of a position's call when another one is taken there, so that nothing is lost";
    "key.second_press" key_second_press: SecondPress = SecondPress::Nothing, SecondPress::KIND, PERSON, Nearest,
        "what the key of a line that is in use here does besides selecting it; by default nobody is dropped by a double press";
    "logon.second" logon_second: LogonSecond = LogonSecond::Allow, LogonSecond::KIND, PERSON, Smallest,
        "whether a user may be logged on at two turrets, or the first one is logged off, or the second one is refused";
    "bridge.allow" bridge_allow: bool = true, Kind::ON_OFF, WIRE_AND_PERSON, Smallest,
        "whether a user may join calls of others, which is what a shared desk is for";
    "bridge.tone" bridge_tone: BridgeTone = BridgeTone::OwnEnd, BridgeTone::KIND, WIRE, Nearest,
        "who hears one beep when somebody joins";
    "privacy" privacy: bool = false, Kind::ON_OFF, WIRE_AND_PERSON, Largest,
        "whether calls are private from their first moment";
    "hold.private" hold_private: HoldPrivate = HoldPrivate::Exclusive, HoldPrivate::KIND, WIRE_AND_PERSON, Smallest,
        "for whom a private call is held, so that nobody gets in by the back door";
    "hold.escalate" hold_escalate_ms: Option<u64> = Some(180 * S), Kind::SpanOrOff(30 * S, 3_600 * S),
        WIRE_AND_PERSON, Nearest,
        "when a held call rings for the whole desk, which may save it";
    "hold.exclusive_max" hold_exclusive_max_ms: u64 = 15 * MIN, Kind::Span(MIN, 120 * MIN), WIRE_AND_PERSON, Smallest,
        "how long a call is held for one person, who may have gone home";
    "hold.exclusive_end" hold_exclusive_end: HoldOrRelease = HoldOrRelease::Hold, HoldOrRelease::KIND,
        WIRE_AND_PERSON, Nearest,
        "whether a call that was held for one person can be taken by all afterwards, or is released";
    "conference.max_lines" conference_max_lines: usize = 8, Kind::Count(2, 16), PERSON, Smallest,
        "how many lines one conference has at most";
    "conference.no_local" conference_no_local: ConferenceNoLocal = ConferenceNoLocal::Release, ConferenceNoLocal::KIND,
        PERSON, Smallest,
        "whether the far ends of a conference go on talking with each other when everybody here has left";
    "transfer.return" transfer_return_ms: u64 = 20 * S, Kind::Span(10 * S, 180 * S), WIRE_AND_PERSON, Nearest,
        "how long a call that was sent on rings before it comes back to who sent it";
    "transfer.recall" transfer_recall_ms: u64 = 15 * S, Kind::Span(10 * S, 120 * S), WIRE_AND_PERSON, Nearest,
        "how long it rings there before it waits on hold and rings for the whole desk";
    "transfer.on_release" transfer_on_release: KeepOrComplete = KeepOrComplete::Keep, KeepOrComplete::KIND,
        WIRE_AND_PERSON, Nearest,
        "whether an announced call goes on when its sender hangs up: joining strangers by accident cannot be undone";
    "override.reason" override_reason: bool = true, Kind::ON_OFF, WIRE_AND_PERSON, Largest,
        "whether a supervisor who enters a call has to say why";
    "override.lead" override_lead_ms: u64 = S, Kind::Span(500, 5 * S), WIRE_AND_PERSON, Largest,
        "how long a supervisor is announced before they hear anything, so that those on the line can stop speaking";
    "logoff.calls" logoff_calls: HoldOrRelease = HoldOrRelease::Hold, HoldOrRelease::KIND, WIRE_AND_PERSON, Nearest,
        "whether the calls of somebody who logs off wait on hold for their colleagues, or are released";
    "loss.call" loss_call: HoldOrRelease = HoldOrRelease::Hold, HoldOrRelease::KIND, WIRE_AND_PERSON, Nearest,
        "whether the calls of a turret that does not come back wait on hold for its colleagues, or are released";
    "signal.min" signal_min_ms: u64 = 500, Kind::Span(0, 2 * S), MRD, Nearest,
        "how long Signal rings at least, so that a tap is heard";
    "mrd.signal" mrd_signal: MrdSignal = MrdSignal::Manual, MrdSignal::KIND, MRD, Nearest,
        "whether seizing an MRD signals once by itself, for desks whose far ends expect a ring";
    "bridge.max" bridge_max: usize = 8, Kind::Count(1, 32), WIRE, Smallest,
        "how many may be on one end of a wire, so that whoever talks knows who hears";
    "hold.reminder" hold_reminder_ms: u64 = 60 * S, Kind::Span(10 * S, 600 * S), WIRE_AND_PERSON, Nearest,
        "when the holder is reminded of a held call, because a client on hold is forgotten";
    "hold.reminder_repeat" hold_reminder_repeat_ms: u64 = 30 * S, Kind::Span(10 * S, 300 * S), WIRE_AND_PERSON, Nearest,
        "how often the reminder comes again";
    "hold.max" hold_max: usize = 8, Kind::Count(1, 32), PERSON, Smallest,
        "how many calls one user may hold, so that none waits unseen";
    "intercom.pending" intercom_pending_ms: u64 = 20 * S, Kind::Span(5 * S, 60 * S), PERSON, Nearest,
        "how long an intercom waits to be accepted before it was missed";
    "intercom.answer" intercom_answer: IntercomAnswer = IntercomAnswer::Whisper, IntercomAnswer::KIND, PERSON, Nearest,
        "what an intercom does at a free callee, whose microphone nobody else opens unless they wish it";
    "intercom.talk" intercom_talk: IntercomTalk = IntercomTalk::Latched, IntercomTalk::KIND, PERSON, Nearest,
        "whether a user's microphone in an intercom stays open by itself, or only while its key is held";
    "intercom.group_reply" intercom_group_reply: GroupReply = GroupReply::Caller, GroupReply::KIND, PERSON, Smallest,
        "who hears what is said back to a caller of a group";
    "dnd.intercom" dnd_intercom: DndIntercom = DndIntercom::Pending, DndIntercom::KIND, PERSON, Nearest,
        "whether an intercom waits at who does not want to be disturbed, or is refused";
    "dnd.scope" dnd_scope: DndScope = DndScope::IntercomAndExtension, DndScope::KIND, PERSON, Nearest,
        "which calls make no sound at who does not want to be disturbed; they are shown all the same";
    "hoot.talkers" hoot_talkers: usize = 12, Kind::Count(1, 64), OPEN, Smallest,
        "how many talk on a hoot at once, because more are understood by nobody";
    "hoot.full" hoot_full: HootFull = HootFull::Newest, HootFull::KIND, OPEN, Smallest,
        "whether a talk that finds no room displaces another one, or is refused; supervisors displace in any case";
    "hoot.handset" hoot_handset: HootHandset = HootHandset::Keyed, HootHandset::KIND, OPEN_AND_PERSON, Smallest,
        "whether the microphone of a handset that a hoot was taken to opens with its talk key, or is open as in a call";
    "hoot.members" hoot_members: usize = 800, Kind::Count(2, 800), HOOT, Smallest,
        "how many people are on a hoot at most, so that whoever talks knows who hears";
    "hoot.silent_talker" hoot_silent_talker_ms: u64 = 2 * S, Kind::Span(500, 10 * S), OPEN, Nearest,
        "after how long a silent latch gives way to a new talker before anybody who speaks does";
    "hoot.activity_gap" hoot_activity_gap_ms: u64 = 10 * S, Kind::Span(2 * S, 60 * S), OPEN, Nearest,
        "how long a hoot's recording waits for the next talker, so that an exchange of words is one recording";
    "mute" mute: MutePolicy = MutePolicy::None, MutePolicy::KIND, ANYWHERE, Largest,
        "what loudspeakers leave out of a line, so that no microphone hears them: neighbours' voices, or all of it";
    "talk.mode" talk_mode: TalkMode = TalkMode::Momentary, TalkMode::KIND, ANYWHERE, Nearest,
        "whether a talk key is open while it is held, latches, or does both by how long it is pressed";
    "broadcast.ard" broadcast_ard: BroadcastArd = BroadcastArd::Skip, BroadcastArd::KIND, ARD_AND_PERSON, Nearest,
        "whether a broadcast leaves out a private wire that is idle, or rings it";
    "talk.tail" talk_tail_ms: u64 = 150, Kind::Span(0, 500), PERSON, Nearest,
        "how long a microphone stays open after its talk key, for the last syllable";
    "talk.held_max" talk_held_max_ms: u64 = 120 * S, Kind::Span(30 * S, 600 * S), ANYWHERE, Smallest,
        "how long a talk key may be held down, because something may lie on it";
    "latch.silent_warn" latch_silent_warn_ms: u64 = 30 * S, Kind::Span(5 * S, 300 * S), ANYWHERE, Smallest,
        "after how long without speech a latch is announced as a forgotten open microphone";
    "latch.silent_release" latch_silent_release_ms: u64 = 10 * S, Kind::Span(3 * S, 60 * S), ANYWHERE, Smallest,
        "how long after its announcement a silent latch is closed";
    "latch.max" latch_max_ms: Option<u64> = Some(30 * MIN), Kind::SpanOrOff(MIN, 240 * MIN), ANYWHERE, Smallest,
        "how long a latch may be open at all, because a noisy room keeps it from being silent";
    "move.overlap" move_overlap_ms: u64 = 20, Kind::Span(10, 60), PERSON, Nearest,
        "how long the microphone of a call that moves is heard before it takes the old one's place, so that nothing is missing";
    "takeover.wait" takeover_wait_ms: u64 = 2 * S, Kind::Span(500, 2 * S), PERSON, Nearest,
        "how long a call that its user takes to their other turret waits to be heard there: else it stays where it is";
    "lock.idle" lock_idle_ms: Option<u64> = Some(15 * MIN), Kind::SpanOrOff(MIN, 480 * MIN), PERSON, Smallest,
        "after how long without a touch a turret is locked, because its chair may be empty";
    "link.grace" link_grace_ms: u64 = 15 * S, Kind::Span(5 * S, 120 * S), PERSON, Smallest,
        "how long a lost turret keeps its calls, which is enough for a restart of it";
    "mic.auto_resume" mic_auto_resume_ms: u64 = 3 * S, Kind::Span(0, 10 * S), WIRE_AND_PERSON, Smallest,
        "how soon a turret has to be back to open the microphone of a call again by itself: later it would surprise";
    "loss.hold_max" loss_hold_max_ms: u64 = 120 * S, Kind::Span(30 * S, 600 * S), WIRE_AND_PERSON, Smallest,
        "how long the call of a lost turret waits on hold for somebody, so that the far end is not kept for ever";
    "restart.window" restart_window_ms: u64 = 30 * S, Kind::Span(10 * S, 300 * S), FLOOR, Nearest,
        "how long a switch that was started again waits for its turrets: a whole floor comes back";
    "record.fail_grace" record_fail_grace_ms: u64 = 3 * S, Kind::Span(0, 10 * S), FLOOR, Smallest,
        "how long the recorder keeps sound in memory before it has failed, because a slow disk is no failure";
    "record.fail_release" record_fail_release_ms: u64 = 30 * S, Kind::Span(5 * S, 300 * S), FLOOR, Smallest,
        "how long a call whose microphones were closed because it is not recorded stays silent before it is released";
    "history.min_ring" history_min_ring_ms: u64 = S, Kind::Span(0, 5 * S), PERSON, Nearest,
        "how long a call must have rung to count as missed";
    "history.keep" history_keep_ms: u64 = 30 * DAY, Kind::Span(DAY, 366 * DAY), PERSON, Smallest,
        "how long the entries of a user's history are kept; of the recordings there are rules of their own";
}
