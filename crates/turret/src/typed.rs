//! Intents as a person types them: an example of each for the help, and what is wrong with a line that is none.
//!
//! Law: pure. Fields are named by trying them against the type itself, so that no sentence can differ from what is taken.

use dealerboard_turret::view::Intent;
use serde_json::{Map, Value};

/// An example of every intent, with all fields that it must have, and what it does.
const EXAMPLES: &[(&str, &str)] = &[
    (
        r#"{"intent":"press","line":"hallam-street"}"#,
        "the key of a line: seizes, answers, resumes or joins; \"position\" says where to",
    ),
    (r#"{"intent":"answer_next","line":"calder-wynn","call":7}"#, "answers what rings, by the call that it shows"),
    (
        r#"{"intent":"hold","position":"left"}"#,
        "holds what a position carries; \"exclusive\":true keeps it for oneself alone",
    ),
    (
        r#"{"intent":"private","position":"left","on":true}"#,
        "keeps everybody else off what a position carries, or off its next call",
    ),
    (
        r#"{"intent":"join","position":"left","line":"fenmoor","call":7}"#,
        "joins a line that you hold, or have at another position, with what a position carries",
    ),
    (
        r#"{"intent":"move","line":"calder-wynn","position":"right"}"#,
        "takes a line that is here to another position; \"speakers\" leaves it aloud, with a talk key",
    ),
    (r#"{"intent":"release_line","line":"calder-wynn"}"#, "releases a line that is here, wherever it is"),
    (
        r#"{"intent":"transfer","position":"left","to":{"user":"t.marsh"}}"#,
        "sends what a position carries on to a person, to everybody of a {\"desk\":\"rates-london\"}, or to whom a {\"line\":\"fenmoor\"} rings",
    ),
    (
        r#"{"intent":"announce","position":"left","to":"t.marsh"}"#,
        "holds what a position carries and calls somebody who may want it",
    ),
    (r#"{"intent":"complete","position":"left"}"#, "gives the call that you announced to whom you talk to"),
    (r#"{"intent":"cancel","position":"left"}"#, "goes back to the call that you announced"),
    (r#"{"intent":"unjoin","line":"fenmoor"}"#, "takes a line that you added out of a conference"),
    (
        r#"{"intent":"override","line":"calder-wynn","call":7,"reason":"a limit was passed"}"#,
        "enters a call as its desk's supervisor; everybody on it is told before",
    ),
    (r#"{"intent":"clear","line":"calder-wynn"}"#, "ends whatever is on a line: for an administrator"),
    (
        r#"{"intent":"service","line":"calder-wynn","out":true}"#,
        "takes a line out of service with all that is on it, false puts it back: for an administrator",
    ),
    (r#"{"intent":"release","position":"left"}"#, "releases what a position carries"),
    (r#"{"intent":"mute","position":"left","on":true}"#, "mutes the microphone of a position; false opens it"),
    (r#"{"intent":"open_mic","position":"left"}"#, "opens a microphone that was shut by something else"),
    (r#"{"intent":"select","position":"right"}"#, "chooses where the next key lands"),
    (
        r#"{"intent":"talk","line":"sterling-hoot","on":true}"#,
        "a talk key; false lets it go, \"latched\":true keeps it open until then",
    ),
    (
        r#"{"intent":"group_broadcast","group":"Clients","on":true}"#,
        "the talk key of a group of channels; false lets it go, \"latched\":true keeps it open until then",
    ),
    (
        r#"{"intent":"broadcast","lines":["calder-wynn","sterling-hoot"],"on":true}"#,
        "one talk key for several lines, at most ten; let go with the same lines",
    ),
    (
        r#"{"intent":"broadcast_line","line":"fenmoor","on":true}"#,
        "adds a line to what such a key talks to while it is down; false drops it",
    ),
    (r#"{"intent":"group_mute","group":"Clients","on":true}"#, "silences all channels of a group at this turret"),
    (r#"{"intent":"who_hears","line":"sterling-hoot"}"#, "lists who hears a hoot, and what each may do there"),
    (
        r#"{"intent":"right","line":"sterling-hoot","user":"t.marsh","allowed":"listen"}"#,
        "sets what a user may do on a hoot, none, listen or speak: for a supervisor of a desk that has it",
    ),
    (r#"{"intent":"signal","line":"fenmoor","on":true}"#, "rings the far end of an MRD until false"),
    (r#"{"intent":"intercom","user":"t.marsh"}"#, "calls a person, accepts their call, or ends the intercom with them"),
    (r#"{"intent":"intercom_group","group":"london-rates"}"#, "calls a group, or ends or leaves its call"),
    (r#"{"intent":"intercom_picked","users":["t.marsh","m.osei"]}"#, "calls several people at once"),
    (
        r#"{"intent":"talk_back","user":"t.marsh","on":true}"#,
        "talks in an intercom, or accepts one; false is heard no more, \"latched\":false is a key that is held",
    ),
    (
        r#"{"intent":"group_talk","group":"london-rates","on":true}"#,
        "talks in the call of a group; false is heard no more, \"latched\":false is a key that is held",
    ),
    (
        r#"{"intent":"divert","when":"always"}"#,
        "when calls of one's own extension, or of a \"line\", ring elsewhere: always, dnd, busy or no_answer; \"to\" says where, a \
         {\"user\":\"t.marsh\"}, a {\"desk\":\"rates-london\"} those on a {\"line\":\"calder-wynn\"}, or \"voicemail\", and without it ends",
    ),
    (
        r#"{"intent":"dial","digits":"40"}"#,
        "digits from a keypad, on the line that waits for them or on one of your own; # ends the number",
    ),
    (r#"{"intent":"call","to":"4012"}"#, "calls a number, or a name; \"line\" says on which line"),
    (r#"{"intent":"redial"}"#, "calls the number again that was dialled last"),
    (r#"{"intent":"decline","line":"ext-4012.1"}"#, "does not take a call that rings at your own extension"),
    (r#"{"intent":"dnd","on":true}"#, "do not disturb"),
    (
        r#"{"intent":"history"}"#,
        "lists the calls of this user, newest first, each with its number; \"older\":true asks for more of them",
    ),
    (
        r#"{"intent":"call_back","entry":7}"#,
        "calls back by the number of an entry: on the line that it came on, or by intercom; \"position\" says where to",
    ),
    (
        r#"{"intent":"play_message","entry":7}"#,
        "plays the message of an entry; \"position\" says where, also on the speakers, \"from_ms\" from where on",
    ),
    (r#"{"intent":"stop_message"}"#, "plays it no more"),
    (r#"{"intent":"hide_history","entry":7}"#, "shows an entry no more; without \"entry\" all that there are"),
    (r#"{"intent":"volume","line":"sterling-hoot","volume":0.5}"#, "how loud a speaker channel is, from 0 to 1"),
    (r#"{"intent":"position_volume","position":"left","volume":0.5}"#, "how loud a position is, from 0 to 1"),
    (r#"{"intent":"channel_mute","line":"sterling-hoot","on":true}"#, "silences a speaker channel at this turret"),
    (r#"{"intent":"solo","line":"sterling-hoot","on":true}"#, "silences all other speaker channels at this turret"),
    (r#"{"intent":"devices"}"#, "which sound devices there are, and which were chosen: in a window only"),
    (
        r#"{"intent":"choose_device","position":"left","part":"microphone"}"#,
        "takes another \"device\" for a position: in a window only, since --mic and --ears name the files here",
    ),
    (r#"{"intent":"close_all"}"#, "shuts every microphone"),
    (r#"{"intent":"focus_lost"}"#, "lets every talk key go that is not latched"),
    (
        r#"{"intent":"log_on","user":"a.reyes","password":"PASSWORD"}"#,
        "logs on again, at another \"switch\" if one is named",
    ),
    (r#"{"intent":"trust","fingerprint":"sha256:…"}"#, "trusts the switch that shows this fingerprint"),
    (r#"{"intent":"lock"}"#, "locks the turret: calls go on, and what lets go works"),
    (r#"{"intent":"unlock","password":"PASSWORD"}"#, "unlocks it, by the password of who is logged on"),
    (r#"{"intent":"still_here"}"#, "somebody is there: the turret does not lock itself"),
    (r#"{"intent":"log_off"}"#, "logs off"),
    (r#"{"intent":"look"}"#, "writes the whole view again"),
];

/// What the help says of intents.
pub fn help() -> String {
    let rows = EXAMPLES.iter().map(|(example, means)| format!("  {example}\n        {means}\n"));
    format!(
        "Intents, one JSON object a line on the standard input. Lines and users are named\nby their ids in the floor file; a \
         position is left, right or hands-free.\n{}\
         Changes come one a line: {{\"change\":\"view\",\"value\":{{...}}}} first, then the part\nthat changed. The \
         microphones' files begin with the program; what a position\nhears is in DIR/POSITION.wav.",
        rows.collect::<String>()
    )
}

/// The intent that a line stands for.
///
/// # Errors
/// One sentence: what is wrong with the line, and what to write.
pub fn read(line: &str) -> Result<Intent, String> {
    let typed: Value = serde_json::from_str(line)
        .map_err(|error| format!("This line is no JSON from column {} on; {}", error.column(), begin()))?;
    let Value::Object(typed) = typed else {
        return Err(format!("This line is no JSON object; {}", begin()));
    };
    if let Some(intent) = intent(typed.clone()) {
        return Ok(intent);
    }
    let Some(name) = typed.get("intent").and_then(Value::as_str) else {
        return Err(format!("This line does not name its intent; {}", begin()));
    };
    let Some((example, right)) = example_of(name) else {
        return Err(format!("There is no intent \"{name}\"; write one of {}.", names().collect::<Vec<_>>().join(", ")));
    };
    Err(match wrong_field(&typed, &right) {
        Some((field, true)) => format!("The intent \"{name}\" lacks \"{field}\"; write it as in {example}."),
        Some((field, false)) => format!("The \"{field}\" of this \"{name}\" cannot be; write it as in {example}."),
        None => format!("This line is no \"{name}\"; write it as in {example}."),
    })
}

fn begin() -> String {
    format!("write one such as {}.", EXAMPLES[0].0)
}

fn intent(typed: Map<String, Value>) -> Option<Intent> {
    serde_json::from_value(Value::Object(typed)).ok()
}

/// The example of an intent, as it stands and as it is read.
fn example_of(name: &str) -> Option<(&'static str, Map<String, Value>)> {
    EXAMPLES.iter().find_map(|(example, _)| match serde_json::from_str(example) {
        Ok(Value::Object(read)) if read["intent"] == name => Some((*example, read)),
        _ => None,
    })
}

fn names() -> impl Iterator<Item = String> {
    EXAMPLES.iter().filter_map(|(example, _)| {
        let read: Value = serde_json::from_str(example).ok()?;
        Some(read["intent"].as_str()?.to_owned())
    })
}

/// The first field without which the right intent would be none (true), or with whose value it is none (false).
fn wrong_field(typed: &Map<String, Value>, right: &Map<String, Value>) -> Option<(String, bool)> {
    let lacks = right.keys().filter(|field| !typed.contains_key(*field)).find(|field| {
        let mut without = right.clone();
        without.remove(*field);
        intent(without).is_none()
    });
    if let Some(field) = lacks {
        return Some((field.clone(), true));
    }
    let cannot_be = typed.iter().find(|(field, value)| {
        let mut with = right.clone();
        with.insert((*field).clone(), (*value).clone());
        intent(with).is_none()
    });
    cannot_be.map(|(field, _)| (field.clone(), false))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_help_has_an_example_of_every_intent_and_each_is_taken() {
        // What the type refuses, it answers with all that it knows.
        let refusal = serde_json::from_str::<Intent>(r#"{"intent":""}"#).unwrap_err().to_string();
        let known: BTreeSet<String> = refusal.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert_eq!(names().collect::<BTreeSet<_>>(), known);
        let help = help();
        for (example, _) in EXAMPLES {
            assert!(help.contains(example) && read(example).is_ok(), "{example}");
        }
    }

    fn said(line: &str) -> String {
        read(line).unwrap_err()
    }

    #[test]
    fn an_intent_that_does_not_exist_is_named_with_those_that_do() {
        let said = said(r#"{"intent":"prss","line":"fenmoor"}"#);
        assert!(said.starts_with("There is no intent \"prss\"; write one of press, answer_next, hold, "), "{said}");
    }

    #[test]
    fn a_field_that_is_missing_is_named_with_an_example() {
        let sentence = r#"The intent "mute" lacks "on"; write it as in {"intent":"mute","position":"left","on":true}."#;
        assert_eq!(said(r#"{"intent":"mute","position":"left"}"#), sentence);
    }

    #[test]
    fn a_field_that_cannot_be_is_named_with_an_example_though_the_intent_can_do_without_it() {
        let sentence =
            r#"The "position" of this "hold" cannot be; write it as in {"intent":"hold","position":"left"}."#;
        assert_eq!(said(r#"{"intent":"hold","position":"middle"}"#), sentence);
        let sentence = r#"The "latched" of this "talk" cannot be; write it as in {"intent":"talk","line":"sterling-hoot","on":true}."#;
        assert_eq!(said(r#"{"intent":"talk","line":"macro-hoot","on":true,"latched":"yes"}"#), sentence);
    }

    #[test]
    fn a_line_that_is_no_object_with_an_intent_is_answered_with_how_to_begin() {
        let begin = r#"write one such as {"intent":"press","line":"hallam-street"}."#;
        assert_eq!(said("press fenmoor"), format!("This line is no JSON from column 1 on; {begin}"));
        assert_eq!(said(r#"["press"]"#), format!("This line is no JSON object; {begin}"));
        assert_eq!(said(r#"{"line":"fenmoor"}"#), format!("This line does not name its intent; {begin}"));
    }
}
