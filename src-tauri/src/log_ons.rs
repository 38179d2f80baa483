//! What follows at a window when somebody logs on or off there: the switch is remembered, and the review window of whoever
//! was there closes.
//!
//! Law: a loss of the switch is no log-off.

use crate::memory::Memory;
use dealerboard_model::UserId;
use dealerboard_turret::Turret;
use dealerboard_turret::view::Change;

/// What one change means for who sits at a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Whoever was logged on is not any more.
    pub left: bool,
    /// Somebody has logged on.
    pub came: bool,
}

/// Who is logged on at a window, as its turret's changes tell it.
#[derive(Debug, Default)]
pub struct LogOns(Option<UserId>);

impl LogOns {
    /// Takes the next change.
    pub fn heed(&mut self, change: &Change) -> Turn {
        let user = match change {
            Change::Header(header) => &header.user_id,
            Change::View(view) => &view.header.user_id,
            Change::Pages(_)
            | Change::Key(_)
            | Change::KeyGone(_)
            | Change::Position(_)
            | Change::Channels(_)
            | Change::Channel(_)
            | Change::People(_)
            | Change::Person(_)
            | Change::Groups(_)
            | Change::ChannelGroups(_)
            | Change::Incoming(_)
            | Change::Notice(_)
            | Change::Meters(_)
            | Change::History(_)
            | Change::HistoryEntry(_)
            | Change::Devices(_)
            | Change::Listeners(_) => return Turn::default(),
        };
        if *user == self.0 {
            return Turn::default();
        }
        let before = std::mem::replace(&mut self.0, user.clone());
        Turn { left: before.is_some(), came: user.is_some() }
    }
}

/// Remembers the switch that `turret` is logged on at, unless it is the program's `own`, which is another at each start.
pub async fn remember(turret: &Turret, own: Option<&str>, memory: &Memory) {
    let Some(access) = turret.access().await else { return };
    let (Some(pin), Some(_)) = (access.pin, access.token) else { return };
    if own == Some(access.address.as_str()) {
        return;
    }
    if let Err(error) = memory.remember(&access.address, pin) {
        tracing::error!("{error:#}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::options::Options;
    use clap::Parser;
    use dealerboard_switch::{FloorSource, Running, Switch, SwitchOptions};
    use dealerboard_turret::view::{Header, Intent, LinkView};
    use dealerboard_turret::{Devices, TurretConfig};

    fn header(user: Option<&str>, link: LinkView) -> Change {
        let turret = tokio::runtime::Runtime::new().unwrap();
        let _inside = turret.enter();
        let view = a_turret("wss://127.0.0.1:1", None).view();
        Change::Header(Header { user_id: user.map(UserId::from), link, ..view.header })
    }

    fn up() -> LinkView {
        LinkView::Up { round_trip_ms: None, voice: true }
    }

    fn a_turret(address: &str, pin: Option<&str>) -> Turret {
        let config = TurretConfig {
            address: address.to_owned(),
            pin: pin.map(|pin| pin.parse().unwrap()),
            seat: String::new(),
            uplink: Default::default(),
        };
        Turret::start(config, Devices::Hooks(Box::new(drop))).unwrap()
    }

    #[test]
    fn a_log_off_is_noticed_and_a_loss_of_the_switch_is_none() {
        let mut log_ons = LogOns::default();
        assert_eq!(log_ons.heed(&header(Some("a.reyes"), up())), Turn { left: false, came: true });
        let lost = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
        assert_eq!(log_ons.heed(&header(Some("a.reyes"), lost)), Turn::default());
        assert_eq!(log_ons.heed(&header(None, LinkView::LoggedOff)), Turn { left: true, came: false });
    }

    #[test]
    fn another_log_on_is_the_end_of_the_one_before() {
        let mut log_ons = LogOns::default();
        log_ons.heed(&header(Some("a.reyes"), up()));
        assert_eq!(log_ons.heed(&header(Some("r.lindt"), up())), Turn { left: true, came: true });
    }

    async fn switch(folder: &std::path::Path) -> Running {
        let floor = FloorSource::Text(crate::floor::SAMPLE_FLOOR.to_owned());
        let mut options = SwitchOptions::new(floor, folder.to_path_buf(), "127.0.0.1:0".parse().unwrap());
        options.sample_passwords = true;
        Switch::start(options).await.unwrap()
    }

    fn log_on(turret: &Turret, running: &Running) {
        let (user, switch) = (UserId::from("a.reyes"), Some(format!("wss://{}", running.addr)));
        let password = running.password_of("a.reyes").unwrap().to_owned();
        turret.intent(Intent::LogOn { user, password, switch });
    }

    async fn until(turret: &Turret, is: impl Fn(&Header) -> bool) {
        let mut changes = turret.subscribe();
        while !is(&turret.view().header) {
            changes.recv().await.unwrap();
        }
    }

    /// Starts a switch, trusts it at the card, logs on there and remembers it.
    async fn log_on_at_another_switch(folder: &std::path::Path, memory: &Memory) -> (Running, Turret) {
        let running = switch(folder).await;
        let turret = a_turret("wss://127.0.0.1:1", None);
        log_on(&turret, &running);
        until(&turret, |header| matches!(header.link, LinkView::Untrusted { .. })).await;
        remember(&turret, None, memory).await;
        assert_eq!(memory.switch(), None, "nothing is remembered before the log-on");
        turret.intent(Intent::Trust { fingerprint: running.fingerprint.clone() });
        until(&turret, |header| header.user_id.is_some()).await;
        remember(&turret, None, memory).await;
        (running, turret)
    }

    #[tokio::test]
    async fn a_switch_is_remembered_once_somebody_has_logged_on_there() {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let memory = Memory::read(data.path()).unwrap();
        let (running, turret) = log_on_at_another_switch(folder.path(), &memory).await;
        let address = format!("wss://{}", running.addr);
        let again = Memory::read(data.path()).unwrap();
        assert_eq!((again.switch(), again.pin_of(&address)), (Some(address), Some(running.fingerprint.clone())));
        turret.stop().await;
        running.stop().await;
    }

    #[tokio::test]
    async fn the_switch_of_the_sample_floor_is_not_remembered() {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (running, memory) = (switch(folder.path()).await, Memory::read(data.path()).unwrap());
        let address = format!("wss://{}", running.addr);
        let turret = a_turret(&address, Some(&running.fingerprint));
        log_on(&turret, &running);
        until(&turret, |header| header.user_id.is_some()).await;
        remember(&turret, Some(&address), &memory).await;
        assert_eq!(memory.switch(), None);
        turret.stop().await;
        running.stop().await;
    }

    #[tokio::test]
    async fn a_changed_certificate_at_a_remembered_switch_is_refused_and_not_asked_about() {
        let data = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let running = switch(folder.path()).await;
        let other = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
        Memory::read(data.path()).unwrap().remember(&format!("wss://{}", running.addr), other).unwrap();

        let options = Options::try_parse_from(["dealerboard"]).unwrap();
        let memory = Memory::read(data.path()).unwrap();
        let floor = crate::floor::Floor::reach(&options, data.path(), &memory).await.unwrap();
        let chosen = a_turret(&floor.address, floor.pin.as_deref());
        log_on(&chosen, &running);
        until(&chosen, |header| matches!(header.link, LinkView::Refused { .. })).await;

        let elsewhere = a_turret("wss://127.0.0.1:1", None);
        for (address, pin) in memory.pins() {
            elsewhere.know(address, pin);
        }
        log_on(&elsewhere, &running);
        until(&elsewhere, |header| matches!(header.link, LinkView::Refused { .. })).await;
        running.stop().await;
    }
}
