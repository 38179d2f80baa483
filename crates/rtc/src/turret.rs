//! The turret's side of the voice: three uplinks and a pool of ears on one WebRTC connection.
//!
//! Law: negotiated at log-on and when ears are added, never on the talk path. Packets in both directions are raw RTP:
//! decoding, concealment and jitter are the business of others.

use dealerboard_model::{Csrc, Uplink};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::MIME_TYPE_OPUS;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry, SettingEngineBuilder,
    register_default_interceptors,
};
use webrtc::runtime::default_runtime;

/// Payload type of Opus in our offers.
const OPUS_PT: u8 = 111;

/// Longest time that gathering our own addresses may take.
const GATHER_MAX: Duration = Duration::from_secs(5);

/// What went wrong with a turret's voice.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The WebRTC stack refused something.
    #[error("the voice path could not be opened ({0}); it is tried again with the next connection to the switch")]
    Stack(String),
    /// Our own addresses were not found in time.
    #[error("no network address for voice was found in {} s; check the network", GATHER_MAX.as_secs())]
    NoAddress,
}

fn stack(error: impl std::fmt::Display) -> VoiceError {
    VoiceError::Stack(error.to_string())
}

/// A packet for one of this turret's ears.
#[derive(Clone, Debug)]
pub struct Downlink {
    /// This turret's line.
    pub line: Csrc,
    /// Who talks.
    pub talker: Csrc,
    /// Which ear it came on; sequence numbers and timestamps belong to it.
    pub ssrc: u32,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp, 48 kHz.
    pub rtp_ts: u32,
    /// First packet of a talk on this ear.
    pub marker: bool,
    /// The Opus packet.
    pub payload: bytes::Bytes,
    /// When it was received.
    pub arrived: Instant,
}

/// Takes packets as they come, on a thread of the runtime: must not block.
pub type Sink = Arc<dyn Fn(Downlink) + Send + Sync>;

/// How the voice path stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceState {
    /// Not yet.
    Connecting,
    /// Voice can flow.
    Connected,
    /// It broke: a new [`TurretVoice`] is needed.
    Failed,
}

struct Handler {
    gathered: Arc<Notify>,
    state: watch::Sender<VoiceState>,
    sink: Sink,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.notify_one();
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let state = if state == RTCPeerConnectionState::Connected {
            VoiceState::Connected
        } else if [RTCPeerConnectionState::Failed, RTCPeerConnectionState::Closed, RTCPeerConnectionState::Disconnected]
            .contains(&state)
        {
            VoiceState::Failed
        } else {
            VoiceState::Connecting
        };
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let sink = Arc::clone(&self.sink);
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
                // A packet without line and talker is not of our switch.
                let [line, talker] = packet.header.csrc[..] else { continue };
                sink(Downlink {
                    line: Csrc(line),
                    talker: Csrc(talker),
                    ssrc: packet.header.ssrc,
                    seq: packet.header.sequence_number,
                    rtp_ts: packet.header.timestamp,
                    marker: packet.header.marker,
                    payload: packet.payload,
                    arrived: Instant::now(),
                });
            }
        });
    }
}

struct UplinkTrack {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
}

/// One turret's voice connection. Dropping it without [`Self::close`] leaves the closing to the switch.
pub struct TurretVoice {
    peer: Arc<dyn PeerConnection>,
    uplinks: Vec<UplinkTrack>,
    state: watch::Receiver<VoiceState>,
    ears: u16,
}

fn codec() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1;usedtx=1".into(),
        rtcp_feedback: Vec::new(),
    }
}

impl TurretVoice {
    /// Prepares three uplinks and `ears` ears behind the address `local`, and gives the offer for the switch. `ssrc_base`
    /// must differ between turrets of one machine; the three uplinks take it and the next two.
    ///
    /// # Errors
    /// The stack refuses, or this machine has no address.
    pub async fn offer(local: IpAddr, ears: u16, ssrc_base: u32, sink: Sink) -> Result<(Self, String), VoiceError> {
        let mut media = MediaEngine::default();
        let opus = RTCRtpCodecParameters { rtp_codec: codec(), payload_type: OPUS_PT };
        media.register_codec(opus, RtpCodecKind::Audio).map_err(stack)?;
        let registry = register_default_interceptors(Registry::new(), &mut media).map_err(stack)?;
        let settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled);
        let gathered = Arc::new(Notify::new());
        let (told, state) = watch::channel(VoiceState::Connecting);
        let handler = Handler { gathered: Arc::clone(&gathered), state: told, sink };
        let runtime = default_runtime().ok_or_else(|| stack("there is no runtime"))?;
        let peer = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(media)
            .with_setting_engine(settings.build())
            .with_interceptor_registry(registry)
            .with_runtime(runtime)
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec![std::net::SocketAddr::new(local, 0).to_string()])
            .build()
            .await
            .map_err(stack)?;
        let peer: Arc<dyn PeerConnection> = Arc::new(peer);
        let mut uplinks = Vec::with_capacity(Uplink::ALL.len());
        for (place, name) in ["left", "right", "mic"].into_iter().enumerate() {
            let ssrc = ssrc_base.wrapping_add(u32::try_from(place).unwrap_or(0));
            uplinks.push(add_uplink(peer.as_ref(), name, ssrc).await?);
        }
        let mut voice = Self { peer, uplinks, state, ears: 0 };
        voice.add_ears(ears).await?;
        let offer = voice.peer.create_offer(None).await.map_err(stack)?;
        voice.peer.set_local_description(offer).await.map_err(stack)?;
        tokio::time::timeout(GATHER_MAX, gathered.notified()).await.map_err(|_| VoiceError::NoAddress)?;
        let sdp = voice.local_sdp().await?;
        Ok((voice, sdp))
    }

    async fn add_ears(&mut self, more: u16) -> Result<(), VoiceError> {
        for _ in 0..more {
            let ear = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                streams: Vec::new(),
                send_encodings: Vec::new(),
            };
            self.peer.add_transceiver_from_kind(RtpCodecKind::Audio, Some(ear)).await.map_err(stack)?;
        }
        self.ears += more;
        Ok(())
    }

    async fn local_sdp(&self) -> Result<String, VoiceError> {
        let description = self.peer.local_description().await;
        Ok(description.ok_or_else(|| stack("there is no local description"))?.sdp)
    }

    /// A re-offer with ears up to `total`; the voice flows on meanwhile.
    ///
    /// # Errors
    /// The stack refuses.
    pub async fn offer_more_ears(&mut self, total: u16) -> Result<String, VoiceError> {
        self.add_ears(total.saturating_sub(self.ears)).await?;
        let offer = self.peer.create_offer(None).await.map_err(stack)?;
        self.peer.set_local_description(offer).await.map_err(stack)?;
        self.local_sdp().await
    }

    /// Takes the switch's answer.
    ///
    /// # Errors
    /// It is not valid.
    pub async fn accept(&self, answer: &str) -> Result<(), VoiceError> {
        let answer = RTCSessionDescription::answer(answer.to_owned()).map_err(stack)?;
        self.peer.set_remote_description(answer).await.map_err(stack)
    }

    /// How the voice path stands, as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<VoiceState> {
        self.state.clone()
    }

    /// What sends the packets of one uplink.
    #[must_use]
    pub fn sender(&self, uplink: Uplink) -> UplinkSender {
        let uplink = &self.uplinks[uplink.index()];
        UplinkSender { track: Arc::clone(&uplink.track), ssrc: uplink.ssrc }
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// The stack refuses.
    pub async fn close(&self) -> Result<(), VoiceError> {
        self.peer.close().await.map_err(stack)
    }
}

async fn add_uplink(peer: &dyn PeerConnection, name: &str, ssrc: u32) -> Result<UplinkTrack, VoiceError> {
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: codec(),
        ..Default::default()
    };
    let stream = MediaStreamTrack::new("turret".into(), name.into(), name.into(), RtpCodecKind::Audio, vec![encoding]);
    let track = Arc::new(TrackLocalStaticRTP::new(stream));
    let uplink = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Sendonly,
        streams: vec!["turret".into()],
        send_encodings: Vec::new(),
    };
    let local: Arc<dyn TrackLocal> = Arc::clone(&track) as Arc<dyn TrackLocal>;
    peer.add_transceiver_from_track(local, Some(uplink)).await.map_err(stack)?;
    Ok(UplinkTrack { track, ssrc })
}

/// Sends the packets of one uplink.
#[derive(Clone)]
pub struct UplinkSender {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
}

impl UplinkSender {
    /// Sends one Opus packet.
    ///
    /// # Errors
    /// The connection is not open: the packet is lost.
    pub async fn send(&self, seq: u16, rtp_ts: u32, marker: bool, payload: bytes::Bytes) -> Result<(), VoiceError> {
        let header = rtc::rtp::header::Header {
            version: 2,
            payload_type: OPUS_PT,
            sequence_number: seq,
            timestamp: rtp_ts,
            ssrc: self.ssrc,
            marker,
            ..Default::default()
        };
        self.track.write_rtp(rtc::rtp::Packet { header, payload }).await.map_err(stack)
    }
}
