//! One turret's WebRTC connection on the switch's side, through str0m: no socket, time is an argument.

use super::forward::{EarPacket, UplinkPacket};
use dealerboard_model::Uplink;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpWrite, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// How often receiver reports tell a turret how its uplinks arrive (RFC 3550 section 6.4.2).
const RTCP_INTERVAL: Duration = Duration::from_secs(2);

struct EarStream {
    ssrc: Ssrc,
    pt: Pt,
}

/// What came out of a peer.
pub enum FromPeer {
    /// A datagram to be sent.
    Transmit(Vec<u8>, SocketAddr),
    /// A packet of an uplink.
    Packet(Uplink, UplinkPacket),
    /// Voice can flow.
    Connected,
    /// The number of ears has changed.
    Ears(usize),
}

/// One turret's connection.
pub struct Peer {
    rtc: Rtc,
    ears: Vec<EarStream>,
    uplinks: Vec<Mid>,
    /// When str0m wants to be called again.
    pub wake: Instant,
}

/// Builds a connection and answers an offer: slow (a self-test of the cryptography runs each time), so not for the
/// voice thread.
///
/// # Errors
/// The offer is not one that can be answered; the sentence says so.
pub fn answer(offer: &str, candidates: &[SocketAddr], now: Instant) -> Result<(Peer, String), String> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|error| format!("The offer is not valid SDP: {error}."))?;
    let mut rtc = RtcConfig::new()
        .set_rtp_mode(true)
        .set_ice_lite(true)
        .clear_codecs()
        .enable_opus(true, false)
        .clear_extension_map()
        .set_extension(4, str0m::rtp::Extension::RtpMid)
        .set_rtcp_report_interval_audio(RTCP_INTERVAL)
        .build(now);
    for address in candidates {
        let candidate = Candidate::host(*address, "udp")
            .map_err(|error| format!("{address} cannot be offered to turrets: {error}."))?;
        rtc.add_local_candidate(candidate);
    }
    let mut peer = Peer { rtc, ears: Vec::new(), uplinks: Vec::new(), wake: now };
    let answer = peer.accept(offer)?;
    Ok((peer, answer))
}

impl Peer {
    fn accept(&mut self, offer: SdpOffer) -> Result<String, String> {
        let answer: SdpAnswer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(|error| format!("The offer cannot be answered: {error}."))?;
        Ok(answer.to_sdp_string())
    }

    /// Answers a re-offer, such as one with more ears.
    ///
    /// # Errors
    /// The offer is not one that can be answered.
    pub fn answer_again(&mut self, offer: &str) -> Result<String, String> {
        let offer =
            SdpOffer::from_sdp_string(offer).map_err(|error| format!("The offer is not valid SDP: {error}."))?;
        self.accept(offer)
    }

    /// Whether a datagram from an unknown address is this peer's.
    #[must_use]
    pub fn accepts(&self, input: &Input<'_>) -> bool {
        self.rtc.accepts(input)
    }

    /// Takes a datagram; what is malformed is dropped by str0m.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn receive(&mut self, input: Input<'_>) -> Result<(), str0m::RtcError> {
        self.rtc.handle_input(input)
    }

    /// Lets str0m's timers run.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn tick(&mut self, now: Instant) -> Result<(), str0m::RtcError> {
        self.rtc.handle_input(Input::Timeout(now))
    }

    /// Writes a packet to an ear.
    pub fn write(&mut self, packet: &EarPacket, now: Instant) {
        let Some(ear) = self.ears.get(packet.ear) else { return };
        let write = RtpWrite::new(ear.pt, packet.seq.into(), packet.rtp_ts, now, Arc::clone(&packet.payload))
            .marker(packet.marker)
            .csrc(&packet.csrc);
        if let Some(stream) = self.rtc.direct_api().stream_tx(&ear.ssrc) {
            stream.write_rtp(write);
        }
    }

    /// Takes out everything that waits.
    pub fn drain(&mut self, now: Instant, mut take: impl FnMut(FromPeer)) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(wake)) => {
                    self.wake = wake;
                    return;
                }
                Ok(Output::Transmit(out)) => take(FromPeer::Transmit(out.contents.into(), out.destination)),
                Ok(Output::Event(event)) => self.on_event(event, now, &mut take),
                Err(error) => {
                    tracing::debug!(%error, "a turret's voice connection failed");
                    self.wake = now + Duration::from_secs(1);
                    return;
                }
            }
        }
    }

    fn on_event(&mut self, event: Event, now: Instant, take: &mut impl FnMut(FromPeer)) {
        if let Event::RtpPacket(packet) = event {
            let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|stream| stream.mid());
            let place = mid.and_then(|mid| self.uplinks.iter().position(|uplink| *uplink == mid));
            let Some(uplink) = place.and_then(|place| Uplink::ALL.get(place)) else { return };
            let packet = UplinkPacket {
                seq: packet.header.sequence_number,
                rtp_ts: packet.header.timestamp,
                marker: packet.header.marker,
                payload: packet.payload,
                arrived: now,
            };
            take(FromPeer::Packet(*uplink, packet));
        } else if let Event::MediaAdded(media) = event {
            self.on_media(media.mid, media.direction);
            take(FromPeer::Ears(self.ears.len()));
        } else if let Event::Connected = event {
            take(FromPeer::Connected);
        }
    }

    fn on_media(&mut self, mid: Mid, direction: Direction) {
        let hears = matches!(direction, Direction::SendOnly | Direction::SendRecv);
        let talks = matches!(direction, Direction::RecvOnly | Direction::SendRecv);
        if talks {
            self.uplinks.push(mid);
        }
        if hears {
            let pt = self.rtc.media(mid).and_then(|media| media.remote_pts().first().copied());
            let ssrc = self.rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| stream.ssrc());
            if let (Some(pt), Some(ssrc)) = (pt, ssrc) {
                self.ears.push(EarStream { ssrc, pt });
            } else {
                tracing::warn!(%mid, "an ear of a turret cannot be written to");
            }
        }
    }
}

/// A datagram as str0m takes it; none when it is of no protocol that it knows.
#[must_use]
pub fn datagram<'a>(now: Instant, source: SocketAddr, to: SocketAddr, bytes: &'a [u8]) -> Option<Input<'a>> {
    let contents = bytes.try_into().ok()?;
    Some(Input::Receive(now, Receive { proto: Protocol::Udp, source, destination: to, contents }))
}
