//! The UDP socket of the switch: many datagrams by one call, and a wait that a command can end.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Datagrams that are sent by one `sendmmsg(2)`.
const BATCH_MAX: usize = 128;

/// Asked of the kernel for each direction, in bytes; it may grant less.
const BUFFER_BYTES: libc::c_int = 4 << 20;

/// The socket, and what waits to be sent.
pub struct VoiceSocket {
    socket: UdpSocket,
    ipv6: bool,
    waiting: Vec<(Vec<u8>, SocketAddr)>,
}

impl VoiceSocket {
    /// Binds it.
    ///
    /// # Errors
    /// The address is in use or not of this machine.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        let ipv6 = socket.local_addr()?.is_ipv6();
        for option in [libc::SO_RCVBUF, libc::SO_SNDBUF] {
            // SAFETY: the option's value is a c_int that lives through the call, and its size is given. A refusal leaves
            // the kernel's own size, which works for small floors.
            unsafe {
                libc::setsockopt(
                    socket.as_raw_fd(),
                    libc::SOL_SOCKET,
                    option,
                    std::ptr::from_ref(&BUFFER_BYTES).cast(),
                    size_of::<libc::c_int>() as libc::socklen_t,
                );
            }
        }
        Ok(Self { socket, ipv6, waiting: Vec::with_capacity(BATCH_MAX) })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next datagram, if one is there: its length and source.
    pub fn receive(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        // An error here is an ICMP answer to something sent earlier; the peer's own timers deal with it.
        let (length, source) = self.socket.recv_from(buffer).ok()?;
        // What an IPv6 socket that is bound to every address takes by IPv4 is shown as an address of its own sort.
        Some((length, SocketAddr::new(source.ip().to_canonical(), source.port())))
    }

    /// Puts a datagram into the batch.
    pub fn push(&mut self, contents: Vec<u8>, to: SocketAddr) {
        let to = match to {
            SocketAddr::V4(v4) if self.ipv6 => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
            SocketAddr::V4(_) | SocketAddr::V6(_) => to,
        };
        self.waiting.push((contents, to));
        if self.waiting.len() >= BATCH_MAX {
            self.flush();
        }
    }

    /// Sends the batch. What the kernel does not take is lost, as any datagram may be.
    pub fn flush(&mut self) {
        let mut addresses: Vec<libc::sockaddr_storage> = Vec::with_capacity(self.waiting.len());
        let mut parts: Vec<libc::iovec> = Vec::with_capacity(self.waiting.len());
        let mut lengths: Vec<libc::socklen_t> = Vec::with_capacity(self.waiting.len());
        for (contents, to) in &mut self.waiting {
            let (address, length) = raw_address(*to);
            addresses.push(address);
            lengths.push(length);
            parts.push(libc::iovec { iov_base: contents.as_mut_ptr().cast(), iov_len: contents.len() });
        }
        let mut headers: Vec<libc::mmsghdr> = (0..self.waiting.len())
            .map(|i| {
                // SAFETY: mmsghdr is plain data for which all zeros is a valid value.
                let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
                header.msg_hdr.msg_name = std::ptr::from_mut(&mut addresses[i]).cast();
                header.msg_hdr.msg_namelen = lengths[i];
                header.msg_hdr.msg_iov = &raw mut parts[i];
                header.msg_hdr.msg_iovlen = 1;
                header
            })
            .collect();
        let mut sent = 0;
        while sent < headers.len() {
            let rest = &mut headers[sent..];
            let count = libc::c_uint::try_from(rest.len()).unwrap_or(libc::c_uint::MAX);
            // SAFETY: every header points at an address and a part that outlive this call; `count` is their number.
            let done = unsafe { libc::sendmmsg(self.socket.as_raw_fd(), rest.as_mut_ptr(), count, 0) };
            // The first one failed: it is skipped, the others go on.
            sent += usize::try_from(done).unwrap_or(0).max(1);
        }
        self.waiting.clear();
    }

    /// Waits until a datagram is there, or `wake` can be read, or `limit` has passed.
    pub fn wait(&self, wake: &impl AsRawFd, limit: Duration) {
        let mut watched =
            [self.socket.as_raw_fd(), wake.as_raw_fd()].map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
        let limit = libc::timespec {
            tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::from(limit.subsec_nanos() as i32),
        };
        // SAFETY: two valid pollfd and a timespec that live through the call; no signal mask.
        unsafe { libc::ppoll(watched.as_mut_ptr(), 2, &raw const limit, std::ptr::null()) };
    }
}

fn raw_address(address: SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: sockaddr_storage is plain data for which all zeros is a valid value.
    let mut raw: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let length = match address {
        SocketAddr::V4(v4) => {
            let name = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            };
            // SAFETY: sockaddr_storage is large enough and aligned for every kind of address.
            unsafe { std::ptr::from_mut(&mut raw).cast::<libc::sockaddr_in>().write(name) };
            size_of::<libc::sockaddr_in>()
        }
        SocketAddr::V6(v6) => {
            let name = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            };
            // SAFETY: as above.
            unsafe { std::ptr::from_mut(&mut raw).cast::<libc::sockaddr_in6>().write(name) };
            size_of::<libc::sockaddr_in6>()
        }
    };
    (raw, length as libc::socklen_t)
}
