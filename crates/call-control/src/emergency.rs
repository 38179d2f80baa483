//! Emergency numbers (ALL-9): a call to one, and one that comes back from there, is refused for nothing that protects others.
//!
//! Law: whether a call is one follows from the two numbers alone, when its ends are connected, and is true of both ends for as
//! long as it lasts. It rings through do-not-disturb, is not diverted, and goes on while the recorder cannot write: then it is a
//! gap that is listed, as on a line that is recorded where that is possible.

use crate::line::Line;
use crate::state::State;
use dealerboard_model::LineId;
use std::ops::Bound;

fn is_emergency_line(line: &Line) -> bool {
    line.spec.number.as_ref().is_some_and(|about| about.emergency)
}

fn is_emergency_number(s: &State, number: &str) -> bool {
    let lines = s.numbers.get(number).into_iter().flatten();
    lines.filter_map(|line| s.lines.get(line)).any(is_emergency_line)
}

/// Whether `number`, dialled as a whole, is one: it may end with `#`.
pub fn is_number(s: &State, number: &str) -> bool {
    is_emergency_number(s, number.trim_end_matches('#'))
}

/// Whether a call from `line` to `number` is one.
pub fn concerns(s: &State, line: &LineId, number: &str) -> bool {
    s.lines.get(line).is_some_and(is_emergency_line) || is_emergency_number(s, number)
}

/// Whether it is one, or may be when more digits have followed.
pub fn may_become(s: &State, line: &LineId, digits: &str) -> bool {
    let longer = s.numbers.range::<str, _>((Bound::Included(digits), Bound::Unbounded));
    let mut longer = longer.take_while(|(number, _)| number.starts_with(digits));
    concerns(s, line, digits) || longer.any(|(number, _)| is_emergency_number(s, number))
}
