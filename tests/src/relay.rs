//! A network between turrets and switch that takes its time: every datagram, and every byte of control, is late by the
//! same delay each way.
//!
//! Law: loopback only. Nothing is changed, swapped or lost but for what finds a bounded queue full, as in a router.
//! Dropping it ends it.

use anyhow::{Context, Result};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Datagrams, or pieces of control, that are on their way in one direction of one turret.
const UNDER_WAY_MAX: usize = 4_096;

/// Longest datagram that is passed on.
const DATAGRAM_MAX: usize = 2_048;

/// A running relay, in front of a switch that is told to advertise its address.
pub struct Relay {
    runtime: Option<Runtime>,
}

/// What is on its way, and when it arrives.
type Late = (Instant, Vec<u8>);

impl Relay {
    /// Takes datagrams and connections at `at` and passes them on to `to` after `delay`, and back.
    ///
    /// # Errors
    /// The address is in use.
    pub fn start(at: SocketAddr, to: SocketAddr, delay: Duration) -> Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("relay").enable_all().build()?;
        let (voice, control) = runtime.block_on(async { (UdpSocket::bind(at).await, TcpListener::bind(at).await) });
        let taken = || format!("the relay's address {at} cannot be had");
        runtime.spawn(voice_both_ways(Arc::new(voice.with_context(taken)?), to, delay));
        runtime.spawn(control_both_ways(control.with_context(taken)?, to, delay));
        Ok(Self { runtime: Some(runtime) })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn voice_both_ways(here: Arc<UdpSocket>, to: SocketAddr, delay: Duration) {
    let mut turrets: HashMap<SocketAddr, mpsc::Sender<Late>> = HashMap::new();
    let mut datagram = [0; DATAGRAM_MAX];
    loop {
        // An error is the answer to a datagram for a turret that has gone.
        let Ok((length, turret)) = here.recv_from(&mut datagram).await else { continue };
        let under_way = match turrets.get(&turret) {
            Some(known) => known,
            None => match one_turret(Arc::clone(&here), turret, to, delay).await {
                Ok(new) => turrets.entry(turret).or_insert(new),
                Err(_) => continue,
            },
        };
        // Where the queue is full, the datagram is lost.
        let _ = under_way.try_send((Instant::now() + delay, datagram[..length].to_vec()));
    }
}

/// The way of one turret to the switch and back; gives where its datagrams go.
async fn one_turret(
    here: Arc<UdpSocket>,
    turret: SocketAddr,
    to: SocketAddr,
    delay: Duration,
) -> std::io::Result<mpsc::Sender<Late>> {
    let beyond = Arc::new(UdpSocket::bind((to.ip(), 0)).await?);
    beyond.connect(to).await?;
    let (there, mut thither) = mpsc::channel::<Late>(UNDER_WAY_MAX);
    let (back, mut hither) = mpsc::channel::<Late>(UNDER_WAY_MAX);
    let sender = Arc::clone(&beyond);
    tokio::spawn(async move {
        while let Some((due, datagram)) = thither.recv().await {
            tokio::time::sleep_until(due).await;
            // What cannot be sent is lost, as on any network.
            let _ = sender.send(&datagram).await;
        }
    });
    tokio::spawn(async move {
        while let Some((due, datagram)) = hither.recv().await {
            tokio::time::sleep_until(due).await;
            let _ = here.send_to(&datagram, turret).await;
        }
    });
    tokio::spawn(async move {
        let mut datagram = [0; DATAGRAM_MAX];
        loop {
            // An error is the answer to a datagram for a switch that has gone.
            let Ok(length) = beyond.recv(&mut datagram).await else { continue };
            let _ = back.try_send((Instant::now() + delay, datagram[..length].to_vec()));
        }
    });
    Ok(there)
}

async fn control_both_ways(here: TcpListener, to: SocketAddr, delay: Duration) {
    while let Ok((turret, _)) = here.accept().await {
        let Ok(switch) = TcpStream::connect(to).await else { continue };
        // A piece of control is not to wait for the next one: that delay would be one more.
        let _ = (turret.set_nodelay(true), switch.set_nodelay(true));
        let ((from_turret, to_turret), (from_switch, to_switch)) = (turret.into_split(), switch.into_split());
        tokio::spawn(control_one_way(from_turret, to_switch, delay));
        tokio::spawn(control_one_way(from_switch, to_turret, delay));
    }
}

async fn control_one_way(
    mut from: impl AsyncRead + Unpin + Send + 'static,
    mut to: impl AsyncWrite + Unpin + Send + 'static,
    delay: Duration,
) {
    let (sender, mut under_way) = mpsc::channel::<Late>(UNDER_WAY_MAX);
    tokio::spawn(async move {
        while let Some((due, piece)) = under_way.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The other end sees that this one has gone; it may have gone itself.
        let _ = to.shutdown().await;
    });
    let mut piece = [0; 16_384];
    while let Ok(length) = from.read(&mut piece).await
        && length > 0
        && sender.send((Instant::now() + delay, piece[..length].to_vec())).await.is_ok()
    {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn a_datagram_is_late_by_the_delay_each_way_and_unchanged() {
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = far.local_addr().unwrap();
        let at = SocketAddr::new([127, 0, 0, 2].into(), to.port());
        let _relay = Relay::start(at, to, Duration::from_millis(50)).unwrap();
        let near = UdpSocket::bind("127.0.0.1:0").unwrap();
        let began = std::time::Instant::now();
        near.send_to(b"there", at).unwrap();
        let mut datagram = [0; 64];
        let (length, source) = far.recv_from(&mut datagram).unwrap();
        assert_eq!(&datagram[..length], b"there");
        assert!(began.elapsed() >= Duration::from_millis(50));
        far.send_to(b"and back", source).unwrap();
        let (length, source) = near.recv_from(&mut datagram).unwrap();
        assert_eq!((&datagram[..length], source), (&b"and back"[..], at));
        assert!(began.elapsed() >= Duration::from_millis(100));
    }
}
