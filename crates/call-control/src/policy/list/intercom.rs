//! The words of intercom's policies.

use super::super::{Kind, Plain, Value};

words! {
    /// `intercom.answer`: what an intercom does at a callee who is free.
    IntercomAnswer {
        /// They hear, and are not heard before they talk back.
        Whisper = "whisper",
        /// They hear and are heard at once.
        Open = "open",
        /// It rings until they answer.
        Ring = "ring",
    }
}

words! {
    /// `intercom.talk`: how a user's talk key in an intercom stands.
    IntercomTalk {
        /// Open only while it is held.
        Momentary = "momentary",
        /// Open until the next press: a caller's from the call on.
        Latched = "latched",
    }
}

words! {
    /// `intercom.group_reply`: who hears a member of a group who talks back.
    GroupReply {
        /// The caller.
        Caller = "caller",
        /// Everybody in the call.
        All = "all",
    }
}

words! {
    /// `dnd.intercom`: what an intercom does at a callee who does not want to be disturbed.
    DndIntercom {
        /// It waits, seen and not heard.
        Pending = "pending",
        /// It is refused.
        Refuse = "refuse",
    }
}
