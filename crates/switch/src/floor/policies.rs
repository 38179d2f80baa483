//! The policies of a floor file: from dotted keys to settings, and what is set, in words.

use super::entry::{Entry, Reading};
use super::nearest::{instead, nearest};
use super::words::FloorFile;
use dealerboard_call_control::{Kind, Level, POLICIES, Policy, Settings, Spec, Value};
use toml_edit::Item;

/// Units of a time and their milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("min", 60_000), ("d", 86_400_000)];

/// The digits before the decimal point that a time may have: more milliseconds than any policy takes, and no overflow.
const DIGITS_MAX: usize = 9;

impl Reading<'_> {
    /// What the table `policy` of `entry` sets.
    pub fn policy(&mut self, entry: &Entry<'_>, level: Level) -> Settings {
        let mut settings = Settings::default();
        if let Some(table) = self.table(entry, "policy", "policy") {
            self.settings(&table, "", level, &mut settings);
        }
        settings
    }

    /// Dotted keys are tables in tables.
    fn settings(&mut self, entry: &Entry<'_>, before: &str, level: Level, settings: &mut Settings) {
        for (key, item) in entry.table.iter() {
            let name = format!("{before}{key}");
            let line = self.line_of_key(entry, key);
            match item.as_table_like() {
                Some(table) if Spec::of(&name).is_none() => {
                    self.settings(&Entry { table, line, what: entry.what }, &format!("{name}."), level, settings);
                }
                Some(_) | None => {
                    if let Err(sentence) = set(settings, &name, item, level) {
                        self.mistake(line, sentence);
                    }
                }
            }
        }
    }
}

/// Sets one policy, or says why not.
fn set(settings: &mut Settings, name: &str, item: &Item, level: Level) -> Result<(), String> {
    let Some(spec) = Spec::of(name) else {
        let better = instead(name, POLICIES.iter().map(|spec| spec.name));
        return Err(format!("there is no policy \"{name}\"; {better}"));
    };
    if !spec.levels.contains(&level) {
        return Err(format!("\"{name}\" cannot be set at {level}; set it at {}", levels_in_words(spec.levels)));
    }
    if settings.iter().any(|(known, _)| known == name) {
        return Err(format!("\"{name}\" is set in this table already; take one of the two out"));
    }
    let written = value_of(spec.kind, item);
    if written.is_some_and(|value| settings.set(name, value)) {
        return Ok(());
    }
    let what = match spec.kind {
        Kind::Span(..) | Kind::SpanOrOff(..) => "a time with its unit, ",
        Kind::Count(..) => "a whole number, ",
        Kind::Words(_) => "",
    };
    let better = written.or(meant(spec.kind, item)).map(|value| clamped(spec.kind, value));
    let better = better.or(Policy::default().value(name)).map(as_toml).unwrap_or_default();
    Err(format!("\"{name}\" must be {what}{}; write {name} = {better}", spec.kind))
}

/// Where a policy may be set, in words.
#[must_use]
pub fn levels_in_words(levels: &[Level]) -> String {
    let words: Vec<String> = levels.iter().map(Level::to_string).collect();
    match words.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        few => few.concat(),
    }
}

/// What is written, when it is of the policy's kind; it may be out of the range.
fn value_of(kind: Kind, item: &Item) -> Option<Value> {
    match kind {
        Kind::Span(..) | Kind::SpanOrOff(..) => match item.as_str()?.trim() {
            "off" => Some(Value::Off),
            text => span_ms(text).map(Value::Ms),
        },
        Kind::Count(..) => item.as_integer().map(|count| Value::Count(usize::try_from(count).unwrap_or(0))),
        Kind::Words(words) => words.iter().find(|word| item.as_str() == Some(word)).map(|word| Value::Word(word)),
    }
}

/// What was probably meant by something of another kind.
fn meant(kind: Kind, item: &Item) -> Option<Value> {
    match kind {
        Kind::Span(..) | Kind::SpanOrOff(..) => {
            item.as_integer().and_then(|s| span_ms(&format!("{s} s"))).map(Value::Ms)
        }
        Kind::Count(..) => item.as_str()?.trim().parse().ok().map(Value::Count),
        Kind::Words(words) => nearest(item.as_str()?, words.iter().copied()).map(Value::Word),
    }
}

/// The nearest value in the range.
fn clamped(kind: Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Span(min, max) | Kind::SpanOrOff(min, max), Value::Ms(ms)) => Value::Ms(ms.clamp(min, max)),
        (Kind::Span(_, max), Value::Off) => Value::Ms(max),
        (Kind::Count(min, max), Value::Count(count)) => Value::Count(count.clamp(min, max)),
        (_, value) => value,
    }
}

/// The milliseconds of a time such as `90 s`, `0.5 s` or `2 min`.
fn span_ms(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[number.len()..].trim();
    let (_, unit_ms) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let of_part = part.parse::<u64>().ok()? * unit_ms;
    let of_one = 10_u64.pow(u32::try_from(part.len()).ok()?);
    (of_part % of_one == 0).then_some(whole.parse::<u64>().ok()? * unit_ms + of_part / of_one)
}

/// As it stands in the file.
fn as_toml(value: Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Ms(_) | Value::Off | Value::Word(_) => format!("\"{value}\""),
    }
}

impl FloorFile {
    /// What is set otherwise than its default, a line for each level.
    #[must_use]
    pub fn policies_in_words(&self) -> Vec<String> {
        let floor = std::iter::once(("the floor".to_owned(), &self.policy));
        let desks = self.desks.iter().map(|desk| (format!("the desk {}", desk.id.value), &desk.policy));
        let users = self.users.iter().map(|user| (format!("the user {}", user.id.value), &user.policy));
        let wires = self.wires.iter().map(|wire| (format!("the wire {}", wire.ends[0].line.value), &wire.policy));
        let hoots = self.hoots.iter().map(|hoot| (format!("the hoot {}", hoot.id.value), &hoot.policy));
        let shouts = self.shout_downs.iter().map(|it| (format!("the shout-down {}", it.id.value), &it.policy));
        let dials = self.dial_lines.iter().map(|line| (format!("the dial line {}", line.id.value), &line.policy));
        let all = floor.chain(desks).chain(users).chain(wires).chain(hoots).chain(shouts).chain(dials);
        all.filter_map(|(whose, policy)| Some(format!("{whose} sets {}", in_words(policy)?))).collect()
    }
}

/// What is otherwise than its default; none when nothing is.
fn in_words(settings: &Settings) -> Option<String> {
    let others = settings.iter().filter(|(name, value)| Policy::default().value(name) != Some(*value));
    let words: Vec<String> = others.map(|(name, value)| format!("{name} = {}", as_toml(value))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
