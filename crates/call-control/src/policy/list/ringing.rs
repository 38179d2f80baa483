//! The words of the policies of ringing and routing.

use super::super::{Kind, Plain, Value};

words! {
    /// `appearance.ring`: how a line rings at an appearance.
    AppearanceRing {
        /// Not at all: its key stays as it is.
        None = "none",
        /// Its key shows it, without a sound.
        Lamp = "lamp",
        /// The same until `ring.delay` is over, then with a sound.
        Delayed = "delayed",
        /// With a sound, at once.
        Ring = "ring",
    }
}

words! {
    /// `appearance.priority` and `caller.priority`: how urgent a ring is.
    Urgency {
        /// As the line is.
        Low = "low",
        /// High, whatever the line is.
        High = "high",
    }
}

words! {
    /// `ring.in_call`: what a new call sounds like while a handset has a line.
    RingInCall {
        /// Nothing: the key shows it.
        Lamp = "lamp",
        /// One beep.
        Beep = "beep",
        /// As ever.
        Ring = "ring",
    }
}

words! {
    /// `route`: at whom of a desk a line rings.
    Route {
        /// At all of them.
        Together = "together",
        /// At one after the other, from the top.
        InOrder = "in order",
        /// At one after the other, who was longest without a call of this way first.
        LongestIdle = "longest idle",
    }
}

words! {
    /// `overflow`: how a line rings where nobody of its desk has answered for long.
    Overflow {
        /// There as well.
        Add = "add",
        /// There alone.
        Move = "move",
    }
}
