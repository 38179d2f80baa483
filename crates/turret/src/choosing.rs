//! The user chooses devices: which there are, and which one is taken from now on.
//!
//! Law: only sound cards can be chosen. What is chosen counts at once, and is told; the file that keeps it is the window's.

use crate::seat::CardChoices;
use crate::task::TurretTask;
use crate::turret::Running;
use crate::view::{Change, ChosenView, DeviceChoice, DevicePart, DevicesView};
use dealerboard_audio_device::{Choice, Kind, Listed};
use dealerboard_model::Position;

const NO_CARDS: &str =
    "This turret's devices were given to it when it was started; start it with others to change them.";

impl From<&Choice> for DeviceChoice {
    fn from(Choice { id, name }: &Choice) -> Self {
        Self { id: id.clone(), name: name.clone() }
    }
}

impl From<DeviceChoice> for Choice {
    fn from(DeviceChoice { id, name }: DeviceChoice) -> Self {
        Self::new(id, name)
    }
}

impl TurretTask {
    /// Asks for the devices; they are told when they have been looked for.
    pub(crate) fn list_devices(&mut self) {
        match &self.running {
            Running::Cards(cards) => cards.list(),
            Running::Files(_) | Running::Hooks => self.note(None, NO_CARDS.into(), true),
        }
    }

    /// The devices that were asked for.
    pub(crate) fn listed(&mut self, listed: Listed) {
        self.listed = Some(listed);
        self.tell_devices();
    }

    pub(crate) fn choose_device(&mut self, position: Position, part: DevicePart, device: Option<DeviceChoice>) {
        let kind = match part {
            DevicePart::Microphone => Kind::Microphone,
            DevicePart::Ear => Kind::Loudspeaker,
        };
        match &mut self.running {
            Running::Cards(cards) => cards.choose(position, kind, device.map(Choice::from)),
            Running::Files(_) | Running::Hooks => return self.note(None, NO_CARDS.into(), true),
        }
        self.tell_devices();
    }

    fn tell_devices(&self) {
        if let Running::Cards(cards) = &self.running {
            let none = Listed::default();
            self.tell(Change::Devices(view(self.listed.as_ref().unwrap_or(&none), cards.choices())));
        }
    }
}

fn view(listed: &Listed, choices: &CardChoices) -> DevicesView {
    let chosen = |position| ChosenView {
        position,
        microphone: choices.mics.get(&position).map(DeviceChoice::from),
        ear: choices.ears.get(&position).map(DeviceChoice::from),
    };
    DevicesView {
        microphones: listed.microphones.iter().map(DeviceChoice::from).collect(),
        ears: listed.loudspeakers.iter().map(DeviceChoice::from).collect(),
        system_microphone: listed.default_microphone.clone(),
        system_ear: listed.default_loudspeaker.clone(),
        chosen: Position::ALL.map(chosen).into(),
    }
}
