//! What becomes of calls while the recorder cannot write.
//!
//! ```text
//! Recorded ─fails─► Grace ─writes again─► Recorded
//!                     └─`record.fail_grace`─► Silent: microphones of required lines are shut ─writes again─► Recorded, by press
//!                                               └─`record.fail_release`─► calls that somebody is connected to are released
//! ```

use crate::hoot;
use crate::line::Line;
use crate::messages::Sound;
use crate::policy::Value;
use crate::service;
use crate::state::State;
use crate::timer::Timer;
use crate::voicemail;
use dealerboard_model::{LineId, RecordPolicy, TurretId};
use std::collections::BTreeSet;

/// The recorder can write, or cannot (REC-1 to REC-3).
pub fn health(s: &mut State, failing: Option<String>) {
    let began = s.recorder_failing.is_none() && failing.is_some();
    s.recorder_failing = failing;
    s.touched.extend(s.lines.keys().cloned());
    if began {
        let now = s.now;
        s.recorder_since_us = now.mono_us;
        let grace_ms = s.policy(None, None).record_fail_grace_ms;
        s.set_timer(now.plus_ms(grace_ms), Timer::RecordGrace(now.mono_us));
        warn_unrecorded(s);
        let why = s.recorder_failing.clone().unwrap_or_default();
        voicemail::not_recorded(s, &why);
    }
}

/// Everybody on a line that should be recorded is told at once, in words and by a tone (REC-3).
fn warn_unrecorded(s: &mut State) {
    let Some(why) = s.recorder_failing.clone() else { return };
    let grace = Value::Ms(s.policy(None, None).record_fail_grace_ms);
    let mut told: BTreeSet<(TurretId, LineId)> = BTreeSet::new();
    for line in s.lines.values().filter(|line| s.record_policy(&line.spec.line) != RecordPolicy::Off) {
        let parties = line.legs().iter().map(|leg| leg.party.turret);
        let talkers = line.talks().iter().map(|talk| talk.turret);
        told.extend(parties.chain(talkers).map(|turret| (turret, line.spec.line.clone())));
    }
    for (turret, line) in told {
        let Some(spec) = s.lines.get(&line).map(|found| &found.spec) else { continue };
        let closes = match s.record_policy(&line) {
            RecordPolicy::Required => format!(" Microphones close in {grace} unless it is again."),
            RecordPolicy::On | RecordPolicy::Off => String::new(),
        };
        let sentence = format!("{} is not recorded now: {why}.{closes}", spec.name);
        s.notice(turret, Some(&line), sentence, Some(Sound::Warning));
    }
}

/// Still not recorded after the grace: every microphone towards a line that must be recorded is shut (REC-3).
pub fn grace_over(s: &mut State, since_us: u64) {
    let Some(why) = s.recorder_failing.clone().filter(|_| s.recorder_since_us == since_us) else { return };
    let required = |line: &&Line| s.record_policy(&line.spec.line) == RecordPolicy::Required;
    let lines: Vec<LineId> = s.lines.values().filter(required).map(|line| line.spec.line.clone()).collect();
    s.set_timer(s.now.plus_ms(s.policy(None, None).record_fail_release_ms), Timer::RecordRelease(since_us));
    for line in lines {
        let Some(found) = s.lines.get(&line) else { continue };
        let talking: Vec<TurretId> = found.talks().iter().map(|talk| talk.turret).collect();
        let open = found.legs().iter().filter(|leg| leg.mic || leg.mic_lapsed);
        let open: Vec<TurretId> = open.map(|leg| leg.party.turret).collect();
        let sentence = format!("{} is not recorded ({why}): microphones are closed.", found.spec.name);
        let mut told: BTreeSet<TurretId> = talking.iter().copied().collect();
        for turret in talking {
            hoot::stop(s, turret, &line);
        }
        for turret in open {
            if let Some(leg) = s.leg_mut(&line, turret) {
                (leg.mic, leg.mic_lapsed) = (false, false);
                told.insert(turret);
                s.closed.insert((line.clone(), turret));
            }
        }
        for turret in told {
            s.notice(turret, Some(&line), sentence.clone(), Some(Sound::Warning));
        }
    }
}

/// Silence is no call: what nobody may talk on is released for everybody who is connected there (REC-3). What all hold waits on.
pub fn release(s: &mut State, since_us: u64) {
    let Some(why) = s.recorder_failing.clone().filter(|_| s.recorder_since_us == since_us) else { return };
    let silent = |line: &&Line| {
        let required = s.record_policy(&line.spec.line) == RecordPolicy::Required;
        required && line.spec.kind.has_two_ends() && !line.legs().is_empty()
    };
    let lines: Vec<LineId> = s.lines.values().filter(silent).map(|line| line.spec.line.clone()).collect();
    for line in lines {
        // The other end of one that was released before.
        if s.lines.get(&line).is_some_and(|found| !found.legs().is_empty()) {
            service::break_off(s, &line, &format!("it is not recorded ({why})"));
        }
    }
}
