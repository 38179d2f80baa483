//! The words of what a user does with keys and turrets.

use super::super::{Kind, Plain, Value};

words! {
    /// `key.second_press`: what the key of a line that is in use here does besides selecting its position.
    SecondPress {
        /// Nothing: a key that is pressed twice drops nobody.
        Nothing = "nothing",
        /// It releases the line.
        Release = "release",
        /// It holds the line.
        Hold = "hold",
    }
}

words! {
    /// `logon.second`: what becomes of a log-on at one more turret.
    LogonSecond {
        /// It is refused.
        Refuse = "refuse",
        /// The other turret is logged off.
        Move = "move",
        /// Both are logged on.
        Allow = "allow",
    }
}
