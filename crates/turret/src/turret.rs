//! The turret: one task that owns what is known, and joins link, voice and devices.
//!
//! Law: one input at a time; after each, gates, places, gains and tones follow from what is known, and the view is told
//! where it changed. When nobody holds the turret any more it ends, and its microphones are shut.

use crate::cards::{CardViews, News, RunningCards};
use crate::facts::Facts;
use crate::files::{self, Clock, FileDevices, RunningFiles};
use crate::intake::Intake;
use crate::keyed::Keyed;
use crate::link::{self, Access, LinkEvent, LinkOptions, ToLink};
use crate::needles::Needles;
use crate::pin::Fingerprint;
use crate::plugged::Plugged;
use crate::project::{Local, project};
use crate::seat::CardChoices;
use crate::speaking::Speaking;
use crate::task::TurretTask;
use crate::tones::Tones;
use crate::view::{Change, DeviceView, Intent, LinkView, View};
use crate::voice::{Callbacks, Voice};
use crate::voice_path::VoicePath;
use anyhow::Result;
use dealerboard_audio_device::Listed;
use dealerboard_media::UplinkConfig;
use dealerboard_model::{LineId, Position};
use dealerboard_rtc::turret::{TurretVoice, VoiceError, VoiceState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, mpsc, oneshot};
use uuid::Uuid;

/// Inputs that may wait for the turret.
const INPUTS_MAX: usize = 256;

/// Changes that a slow listener may lag behind before it has to look at the whole view.
const CHANGES_MAX: usize = 1_024;

/// What a turret asks of its link, and what it hears from it, with the era of the log-on that it belongs to.
pub type Link = (mpsc::Sender<ToLink>, mpsc::Receiver<(u64, LinkEvent)>);

/// Which switch, and as whom.
#[derive(Clone, Debug)]
pub struct TurretConfig {
    /// `wss://host:port`.
    pub address: String,
    /// The switch's certificate; without it the user is shown the fingerprint.
    pub pin: Option<Fingerprint>,
    /// The seat, as others see it.
    pub seat: String,
    /// How microphones are encoded.
    pub uplink: UplinkConfig,
}

/// What the positions are made of.
pub enum Devices {
    /// Sound cards.
    Cards(CardChoices),
    /// WAV files.
    Files(FileDevices),
    /// The caller calls the callbacks.
    Hooks(Box<dyn FnOnce(Callbacks) + Send>),
}

/// The devices, for as long as the turret runs.
pub(crate) enum Running {
    Cards(RunningCards),
    Files(RunningFiles),
    Hooks,
}

pub(crate) enum Input {
    /// What the user did, and when, by CLOCK_MONOTONIC in nanoseconds.
    Intent(Intent, u64),
    Stop(oneshot::Sender<()>),
    Know(String, Fingerprint),
    Access(oneshot::Sender<Access>),
    Voice(u64, Result<(TurretVoice, String), VoiceError>),
    VoiceState(u64, VoiceState),
    VoiceAgain(u64),
    MoreEars(u64, String),
    /// The time for the answer to an offer is over.
    OfferOver(Uuid),
    TailOver(LineId, u64),
    SeveralTailOver(u64),
    /// The tone of a call that did not come about was heard for long enough.
    ToneOver(u64),
    Devices(CardViews),
    /// What devices there are to choose from.
    Listed(Listed),
    /// The microphone of a position cannot be read any more.
    Trouble(Position, String),
}

/// A whole turret; clones are the same one.
#[derive(Clone)]
pub struct Turret {
    inputs: mpsc::Sender<Input>,
    intake: Intake,
    view: Arc<Mutex<View>>,
    /// Weak, so that who listens hears the end of the task.
    told: broadcast::WeakSender<Change>,
    clocks: Arc<Vec<Clock>>,
}

impl Turret {
    /// Starts a turret on the present tokio runtime. It waits for [`Intent::LogOn`].
    ///
    /// # Errors
    /// The codec, a device or a thread cannot be had.
    pub fn start(config: TurretConfig, devices: Devices) -> Result<Self> {
        let (address, pin, seat) = (config.address.clone(), config.pin, config.seat.clone());
        let connect = || link::start(LinkOptions { address, pin, seat });
        Self::start_by(config, devices, connect, VoicePath::default())
    }

    /// Starts a turret whose messages and packets its caller carries, in place of a WebSocket and a voice connection.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_on(config: TurretConfig, devices: Devices, link: Link) -> Result<Self> {
        Self::start_by(config, devices, || link, VoicePath::elsewhere())
    }

    fn start_by(
        config: TurretConfig,
        devices: Devices,
        connect: impl FnOnce() -> Link,
        path: VoicePath,
    ) -> Result<Self> {
        let (voice, callbacks) = Voice::start(config.uplink)?;
        let (inputs, inbox) = mpsc::channel(INPUTS_MAX);
        let (intake, overflow) = Intake::new(inputs.clone());
        let mut local = Local { switch: config.address.clone(), ..Local::default() };
        local.link = LinkView::LoggedOff;
        let running = match devices {
            Devices::Cards(choices) => {
                let told = inputs.downgrade();
                // A device that has gone is told before it is opened again: that is why this waits. It runs on threads.
                let tell = move |news| {
                    let news = match news {
                        News::Views(views) => Input::Devices(views),
                        News::List(listed) => Input::Listed(listed),
                    };
                    drop(told.upgrade().map(|told| told.blocking_send(news)));
                };
                Running::Cards(RunningCards::start(choices, callbacks, Arc::new(tell)))
            }
            Devices::Files(files) => {
                local.devices = file_views(&files);
                let told = inputs.downgrade();
                // It is called on the thread that reads the file.
                let tell = move |position, trouble| {
                    drop(told.upgrade().map(|told| told.blocking_send(Input::Trouble(position, trouble))));
                };
                let tell: files::Tell = Arc::new(tell);
                Running::Files(files::start(&files, callbacks, &tell)?)
            }
            Devices::Hooks(hook) => {
                local.devices = Position::ALL.map(|position| (position, whole())).into();
                hook(callbacks);
                Running::Hooks
            }
        };
        let clocks = Arc::new(match &running {
            Running::Files(files) => files.clocks.clone(),
            Running::Cards(_) | Running::Hooks => Vec::new(),
        });
        let (link, events) = connect();
        let facts = Facts::default();
        let view = Arc::new(Mutex::new(project(&facts, &local)));
        let (tell, _) = broadcast::channel(CHANGES_MAX);
        let told = tell.downgrade();
        let task = TurretTask {
            facts,
            local,
            voice,
            running,
            link,
            inputs: inputs.downgrade(),
            overflow,
            told: tell,
            view: Arc::clone(&view),
            era: 0,
            user: None,
            path,
            touched: tokio::time::Instant::now(),
            asked: BTreeMap::new(),
            changing_mics: BTreeSet::new(),
            listed: None,
            keyed: Keyed::default(),
            tails: BTreeMap::new(),
            presses: 0,
            failing: None,
            refused_until: BTreeMap::new(),
            blocked: Default::default(),
            warned: BTreeMap::new(),
            notices: 0,
            gains: BTreeMap::new(),
            gains_wait: false,
            tones: Tones::default(),
            speaking: Speaking::default(),
            plugged: Plugged::default(),
            takes_microphones: false,
            keeps_history: false,
            needles: Needles::default(),
            playing: None,
            acted_ns: None,
            goes_on: None,
            trip_shown: None,
            welcomed: false,
            left: false,
        };
        tokio::spawn(task.run(inbox, events));
        Ok(Self { inputs, intake, view, told, clocks })
    }

    /// Does what the user did. Never waits, and never loses what lets go.
    pub fn intent(&self, intent: Intent) {
        if !self.intake.put(intent) {
            tracing::warn!("the turret has stopped, or is flooded with intents: one was dropped");
        }
    }

    /// Everything on the panel now.
    #[must_use]
    pub fn view(&self) -> View {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It was stopped, or has ended by a fault: it takes no intent any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.inputs.is_closed()
    }

    /// Trusts a certificate at the switch `address`, `wss://host:port`, from an earlier log-on there: another one is refused,
    /// not asked about. What is trusted there already stays. Never waits.
    pub fn know(&self, address: String, pin: Fingerprint) {
        if self.inputs.try_send(Input::Know(address, pin)).is_err() {
            tracing::warn!("the turret has stopped, or is flooded: a trusted certificate was not taken");
        }
    }

    /// How the present switch is reached and what opens it; none when the turret has stopped. The token is a secret: it is
    /// for the switch at this address, behind this certificate, and for no log.
    pub async fn access(&self) -> Option<Access> {
        let (asker, answer) = oneshot::channel();
        self.inputs.send(Input::Access(asker)).await.ok()?;
        answer.await.ok()
    }

    /// Changes from now on, closed when the turret has ended. Who lags has to look at [`Self::view`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        let ended = || broadcast::channel(1).1;
        self.told.upgrade().map_or_else(ended, |told| told.subscribe())
    }

    /// When the first sample of each file device was taken or played.
    #[must_use]
    pub fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// Shuts every microphone, logs off and ends.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.inputs.send(Input::Stop(done)).await.is_ok() {
            // An error means that it has ended already.
            let _ = ended.await;
        }
    }
}

fn whole() -> DeviceView {
    DeviceView { microphone: Some("program".into()), ear: Some("program".into()), trouble: String::new() }
}

fn file_views(files: &FileDevices) -> BTreeMap<Position, DeviceView> {
    let mic = |position| files.mics.get(&position).map_or("silence".to_owned(), |path| path.display().to_string());
    let view = |position| DeviceView {
        microphone: (position != Position::Speakers).then(|| mic(position)),
        ear: Some(files.ears.as_ref().map_or("nowhere".to_owned(), |folder| folder.display().to_string())),
        trouble: String::new(),
    };
    Position::ALL.map(|position| (position, view(position))).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::task::HAS_ENDED;
    use tokio::sync::broadcast::error::RecvError;

    fn config() -> TurretConfig {
        let (address, seat, uplink) = ("wss://127.0.0.1:1".to_owned(), String::new(), UplinkConfig::default());
        TurretConfig { address, pin: None, seat, uplink }
    }

    /// Waits until no change comes any more.
    async fn closed(changes: &mut broadcast::Receiver<Change>) {
        while !matches!(changes.recv().await, Err(RecvError::Closed)) {}
    }

    fn says_that_it_has_ended(turret: &Turret) -> bool {
        matches!(&turret.view().header.link, LinkView::Refused { sentence } if sentence == HAS_ENDED)
    }

    #[tokio::test]
    async fn a_turret_whose_link_has_ended_says_so_and_ends() {
        let (link, _asked) = mpsc::channel(8);
        let (tell, events) = mpsc::channel(8);
        let turret = Turret::start_on(config(), Devices::Hooks(Box::new(drop)), (link, events)).unwrap();
        let mut changes = turret.subscribe();
        drop(tell);
        closed(&mut changes).await;
        assert!(says_that_it_has_ended(&turret) && turret.has_ended());
        closed(&mut turret.subscribe()).await;
    }

    #[test]
    fn a_turret_whose_task_is_dropped_says_so() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let turret = runtime.block_on(async { Turret::start(config(), Devices::Hooks(Box::new(drop))).unwrap() });
        let mut changes = turret.subscribe();
        drop(runtime);
        assert!(says_that_it_has_ended(&turret));
        while !matches!(changes.try_recv(), Err(broadcast::error::TryRecvError::Closed)) {}
    }

    #[tokio::test]
    async fn a_turret_whose_devices_were_given_to_it_refuses_others_in_one_sentence() {
        let turret = Turret::start(config(), Devices::Hooks(Box::new(drop))).unwrap();
        let mut changes = turret.subscribe();
        turret.intent(Intent::Devices);
        loop {
            if let Change::Notice(notice) = changes.recv().await.unwrap() {
                assert!(notice.refused && notice.sentence.ends_with("start it with others to change them."));
                break;
            }
        }
    }

    #[tokio::test]
    async fn a_turret_that_was_stopped_shows_that_nobody_is_logged_on() {
        let turret = Turret::start(config(), Devices::Hooks(Box::new(drop))).unwrap();
        let mut changes = turret.subscribe();
        turret.intent(Intent::LogOn { user: "reyes".into(), password: "tulip".into(), switch: None });
        turret.stop().await;
        closed(&mut changes).await;
        assert_eq!(turret.view().header.link, LinkView::LoggedOff);
    }
}
