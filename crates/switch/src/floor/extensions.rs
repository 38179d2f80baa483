//! The lines of extensions: one for each call that an extension carries.
//!
//! Law: how many there are follows from the file alone, so that what a panel shows and what call control knows agree.

use super::words::{Extension, FloorFile};
use super::{Placed, policies};
use dealerboard_model::{LineId, UserId};

/// One call of an extension: a line.
pub struct ExtensionLine<'f> {
    /// Whose it is.
    pub of: &'f Extension,
    /// Its id: `ext-NUMBER.1`, `ext-NUMBER.2` and so on.
    pub line: LineId,
    /// The number as its key shows it.
    pub shown: String,
}

/// The lines of every extension of `file`, in the order of the file.
pub fn lines(file: &FloorFile) -> Vec<ExtensionLine<'_>> {
    if file.extensions.is_empty() {
        return Vec::new();
    }
    let policies = policies(file);
    let of_one = |of| {
        let Extension { user, number, .. }: &Extension = of;
        let calls = policies.of(None, None, Some(&UserId(user.value.clone()))).extension_calls;
        (1..=calls).map(move |call| ExtensionLine {
            of,
            line: LineId(format!("ext-{}.{call}", number.value)),
            shown: if call == 1 { number.value.clone() } else { format!("{} · {call}", number.value) },
        })
    };
    file.extensions.iter().flat_map(of_one).collect()
}

/// Their ids, each with the line of its extension in the file.
pub fn ids(file: &FloorFile) -> Vec<Placed<String>> {
    lines(file).into_iter().map(|one| Placed { value: one.line.0, line: one.of.number.line }).collect()
}
