//! Single values of a table: known keys, text, lists, choices, each mistake with its line.

use super::keys::Table;
use super::nearest::instead;
use super::words::Placed;
use super::{Mistake, NAME_MAX_CHARS};
use std::ops::Range;
use toml_edit::{Item, TableLike, Value};

/// A table, the line it begins on, and what a person calls it.
pub struct Entry<'t> {
    pub table: &'t dyn TableLike,
    pub line: usize,
    pub what: &'static str,
}

/// A reading in progress: the text, and what is wrong with it so far.
pub struct Reading<'t> {
    pub text: &'t str,
    pub mistakes: Vec<Mistake>,
}

/// Single values.
impl Reading<'_> {
    pub fn mistake(&mut self, line: usize, sentence: String) {
        self.mistakes.push(Mistake { line, sentence });
    }

    pub fn line_of(&self, span: Option<Range<usize>>) -> usize {
        let offset = span.map_or(0, |span| span.start).min(self.text.len());
        self.text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    pub fn line_of_key(&self, entry: &Entry<'_>, key: &str) -> usize {
        match entry.table.get_key_value(key).and_then(|(key, _)| key.span()) {
            Some(span) => self.line_of(Some(span)),
            None => entry.line,
        }
    }

    pub fn known_keys(&mut self, entry: &Entry<'_>, table: &Table) {
        let known = table.keys.iter().map(|(key, _)| *key);
        let is_known = |key: &&str| known.clone().any(|known| known == *key);
        let unknown: Vec<String> =
            entry.table.iter().map(|(key, _)| key).filter(|key| !is_known(key)).map(str::to_owned).collect();
        for key in unknown {
            let line = match entry.table.get(&key).and_then(Item::as_array_of_tables).and_then(|tables| tables.get(0)) {
                Some(table) => self.line_of(table.span()),
                None => self.line_of_key(entry, &key),
            };
            let better = instead(&key, known.clone());
            self.mistake(line, format!("{} has no key \"{key}\"; {better}", entry.what));
        }
    }

    pub fn table<'t>(&mut self, entry: &Entry<'t>, key: &str, what: &'static str) -> Option<Entry<'t>> {
        let Some(item) = entry.table.get(key) else {
            if key == "floor" {
                self.mistake(1, "the floor has no name; write [floor] and below it name = \"…\"".to_owned());
            }
            return None;
        };
        let Some(table) = item.as_table_like() else {
            let line = self.line_of_key(entry, key);
            self.mistake(line, format!("\"{key}\" must be a table; write {key} = {{ … }}"));
            return None;
        };
        let line = item.span().map_or_else(|| self.line_of_key(entry, key), |span| self.line_of(Some(span)));
        Some(Entry { table, line, what })
    }

    pub fn tables<'t>(&mut self, root: &Entry<'t>, key: &str, what: &'static str) -> Vec<Entry<'t>> {
        match root.table.get(key) {
            None => Vec::new(),
            Some(Item::ArrayOfTables(tables)) => {
                tables.iter().map(|table| Entry { table, line: self.line_of(table.span()), what }).collect()
            }
            Some(Item::None | Item::Value(_) | Item::Table(_)) => {
                let line = self.line_of_key(root, key);
                self.mistake(line, format!("there can be several; write [[{key}]] with double brackets"));
                Vec::new()
            }
        }
    }

    /// Parts of a table that are a list: `[{ … }, { … }]`, or double brackets.
    pub fn parts<'t>(&mut self, entry: &Entry<'t>, key: &str, what: &'static str) -> Vec<Entry<'t>> {
        let Some(item) = entry.table.get(key) else { return Vec::new() };
        if let Item::ArrayOfTables(tables) = item {
            return tables.iter().map(|table| Entry { table, line: self.line_of(table.span()), what }).collect();
        }
        let line = self.line_of_key(entry, key);
        let values: Vec<&Value> = item.as_array().into_iter().flatten().collect();
        let part = |value: &&'t Value| {
            let line = value.span().map_or(line, |span| self.line_of(Some(span)));
            value.as_inline_table().map(|table| Entry { table, line, what })
        };
        let parts: Vec<Entry<'t>> = values.iter().filter_map(part).collect();
        if item.as_array().is_none() || parts.len() < values.len() {
            let sentence = format!("\"{key}\" of {} must be a list of tables; write {key} = [{{ … }}]", entry.what);
            self.mistake(line, sentence);
        }
        parts
    }

    pub fn optional_word(&mut self, entry: &Entry<'_>, key: &str) -> Option<Placed<String>> {
        let item = entry.table.get(key)?;
        let line = self.line_of_key(entry, key);
        match item.as_str() {
            Some(word) => Some(Placed { value: word.trim().to_owned(), line }),
            None => {
                self.mistake(line, format!("\"{key}\" of {} must be text; write {key} = \"…\"", entry.what));
                None
            }
        }
    }

    pub fn word(&mut self, entry: &Entry<'_>, key: &str) -> Placed<String> {
        if entry.table.get(key).is_none() {
            self.mistake(entry.line, format!("{} has no {key}; write {key} = \"…\"", entry.what));
            return Placed { value: String::new(), line: entry.line };
        }
        let word = self.optional_word(entry, key).unwrap_or(Placed { value: String::new(), line: entry.line });
        if word.value.is_empty() && entry.table.get(key).is_some_and(|item| item.as_str().is_some()) {
            self.mistake(word.line, format!("\"{key}\" of {} is empty; write a word between the quotes", entry.what));
        }
        word
    }

    pub fn name(&mut self, entry: &Entry<'_>) -> String {
        let name = self.word(entry, "name");
        let length = name.value.chars().count();
        if length > NAME_MAX_CHARS {
            self.mistake(
                name.line,
                format!(
                    "the name \"{}\" has {length} characters and a key shows {NAME_MAX_CHARS}; shorten it",
                    name.value
                ),
            );
        }
        name.value
    }

    pub fn id(&mut self, entry: &Entry<'_>, key: &str) -> Placed<String> {
        let id = self.word(entry, key);
        let odd = id.value.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        if let Some(odd) = odd {
            self.mistake(
                id.line,
                format!("the {key} \"{}\" contains \"{odd}\"; use letters, digits, - _ and . only", id.value),
            );
        }
        id
    }

    pub fn words(&mut self, entry: &Entry<'_>, key: &str) -> Vec<Placed<String>> {
        let Some(item) = entry.table.get(key) else { return Vec::new() };
        let key_line = self.line_of_key(entry, key);
        let Some(array) = item.as_array() else {
            self.mistake(key_line, format!("\"{key}\" of {} must be a list; write {key} = [\"…\", \"…\"]", entry.what));
            return Vec::new();
        };
        let mut words = Vec::new();
        for value in array {
            let line = value.span().map_or(key_line, |span| self.line_of(Some(span)));
            match value.as_str() {
                Some(word) => words.push(Placed { value: word.trim().to_owned(), line }),
                None => self.mistake(line, format!("\"{key}\" of {} lists text only; put it in quotes", entry.what)),
            }
        }
        words
    }

    pub fn choice<T: Copy>(&mut self, entry: &Entry<'_>, key: &str, choices: &[(&str, T)], or: T) -> T {
        let Some(word) = self.optional_word(entry, key) else { return or };
        if let Some((_, value)) = choices.iter().find(|(choice, _)| *choice == word.value) {
            return *value;
        }
        let better = instead(&word.value, choices.iter().map(|(choice, _)| *choice));
        self.mistake(word.line, format!("\"{}\" is not a {key} of {}; {better}", word.value, entry.what));
        or
    }

    pub fn count(&mut self, entry: &Entry<'_>, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<u32> {
        let item = entry.table.get(key)?;
        match item.as_value().and_then(Value::as_integer).filter(|number| range.contains(number)) {
            Some(number) => u32::try_from(number).ok(),
            None => {
                let line = self.line_of_key(entry, key);
                self.mistake(
                    line,
                    format!(
                        "\"{key}\" of {} must be a whole number from {} to {}; write {key} = {}",
                        entry.what,
                        range.start(),
                        range.end(),
                        nearest_in(item, &range),
                    ),
                );
                None
            }
        }
    }
}

/// The number in the range that is nearest to what was written; its first when that is no whole number.
fn nearest_in(item: &Item, range: &std::ops::RangeInclusive<i64>) -> i64 {
    let written = item.as_value().and_then(Value::as_integer).unwrap_or(*range.start());
    written.clamp(*range.start(), *range.end())
}
