//! How many may be connected at once, in all and from one address.
//!
//! Law: counted before anything else is done for a connection, so that a stranger costs nothing more. Connections never take
//! the descriptors that recorder and voice need, and one address never takes the places of all others.

use crate::throttle::source;
use axum_server::accept::Accept;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Connections in all, at most.
const ALL_MAX: usize = 4_096;
/// Connections from one address, at most: a whole office behind one router.
const EACH_MAX: usize = 512;
/// How often the log is told of those that are turned away.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The places of one switch; an acceptor that lends them. Clones are the same.
#[derive(Clone)]
pub struct Places {
    all_max: usize,
    each_max: usize,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    /// When the log was told last that there was no place.
    told: Arc<Mutex<Option<Instant>>>,
}

impl Places {
    /// As many as there may be, and at most half of the descriptors that this process may open.
    pub fn of_process() -> Self {
        Self::of_descriptors(descriptors_max())
    }

    fn of_descriptors(descriptors: usize) -> Self {
        let all_max = (descriptors / 2).clamp(1, ALL_MAX);
        Self { all_max, each_max: (all_max / 2).clamp(1, EACH_MAX), taken: Arc::default(), told: Arc::default() }
    }

    /// A place for a connection from `address`; none when there is none left for it.
    fn take(&self, address: IpAddr) -> Option<Place> {
        let from = source(address);
        let mut taken = self.lock();
        let all: usize = taken.values().sum();
        let here = taken.get(&from).copied().unwrap_or(0);
        if all >= self.all_max || here >= self.each_max {
            return None;
        }
        taken.insert(from, here + 1);
        Some(Place { places: self.clone(), from })
    }

    /// Strangers do not fill the log, too.
    fn tell_of_refusal(&self, from: IpAddr) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            *told = Some(Instant::now());
            let (all, each) = (self.all_max, self.each_max);
            tracing::warn!(%from, all, each, "connections were turned away: as many are open as may be, in all or from there");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing in here panics while it holds the lock; a poisoned one is as good.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One place; dropping it gives it back.
struct Place {
    places: Places,
    from: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(here) = taken.get_mut(&self.from) {
            *here -= 1;
            if *here == 0 {
                taken.remove(&self.from);
            }
        }
    }
}

impl<S> Accept<TcpStream, S> for Places {
    type Stream = Placed;
    type Service = S;
    type Future = Ready<io::Result<(Placed, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(stream.peer_addr().and_then(|from| match self.take(from.ip()) {
            Some(place) => {
                // Messages are small and wanted at once: none waits until the one before it is acknowledged.
                stream.set_nodelay(true)?;
                Ok((Placed { stream, _place: place }, service))
            }
            None => {
                self.tell_of_refusal(from.ip());
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        }))
    }
}

/// A connection that has its place.
pub struct Placed {
    stream: TcpStream,
    _place: Place,
}

impl AsyncRead for Placed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn limit() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit(2) writes into a structure that lives here.
    (unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0).then_some(limit)
}

/// Descriptors that this process may open: files, sockets, connections.
fn descriptors_max() -> usize {
    // A system that does not tell grants what POSIX asks of it, at least.
    limit().map_or(256, |limit| usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX))
}

/// Lets this process open as many descriptors as the system grants it. To be called once, when the program starts.
pub fn raise_descriptors() {
    let Some(granted) = limit() else { return };
    let raised = libc::rlimit { rlim_cur: granted.rlim_max, ..granted };
    // SAFETY: setrlimit(2) reads a structure that lives here. A refusal leaves the limit as it is, and the places follow it.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_address_never_takes_the_places_of_the_others_and_gives_back_what_it_took() {
        let places = Places::of_descriptors(256);
        let mut strangers: Vec<Place> = std::iter::from_fn(|| places.take(address(1))).collect();
        assert_eq!(strangers.len(), 64);
        let _trader = places.take(address(2)).unwrap();
        strangers.pop();
        assert!(places.take(address(1)).is_some());
    }

    #[test]
    fn all_addresses_together_leave_half_of_the_descriptors_to_recorder_and_voice() {
        let places = Places::of_descriptors(256);
        let taken: Vec<Place> = (0..=255).filter_map(|last| places.take(address(last))).collect();
        assert_eq!(taken.len(), 128);
    }

    #[test]
    fn who_has_a_whole_network_of_ipv6_addresses_counts_as_one() {
        let places = Places::of_descriptors(16);
        let from = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let taken: Vec<Place> = (0..16).filter_map(|last| places.take(from(last))).collect();
        assert_eq!(taken.len(), 4);
    }
}
