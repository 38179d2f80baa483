//! The word somebody probably meant: the nearest known one by edits.

/// The nearest of `known` to `word`, when at most a third of it (and at least two letters) differs.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (word.chars().count() / 3).max(2);
    known
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, removals and replacements that turn `from` into `to` (Levenshtein's distance), letter case ignored.
fn edits(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.to_lowercase().chars().collect();
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// `"; did you mean “x”?"`-like ending: what to write instead, from the known words.
pub fn instead<'k>(word: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> String {
    if let Some(near) = nearest(word, known.clone()) {
        return format!("write \"{near}\" instead");
    }
    let all: Vec<&str> = known.into_iter().collect();
    match all.as_slice() {
        [] => "define it first".to_owned(),
        [one] => format!("write \"{one}\" instead"),
        many if many.len() > 12 => format!("write one of {} … instead", many[..12].join(", ")),
        many => format!("write one of {} instead", many.join(", ")),
    }
}
