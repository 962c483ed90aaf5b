//! Sending many packets with one call.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::{packet_socket, set_option};

/// Packets in one call at most; more gain nothing (measured from 8 to 1,024).
pub(crate) const MOST_BATCHED: usize = 64;
/// The longest packet that we send, from the network header on.
const LONGEST: usize = 96;
/// How long a full queue of the interface is waited for before the scan is given up.
const LONGEST_BLOCKED: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_micros(200);

/// Where a packet goes on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hop {
    /// Index of the interface.
    pub(crate) interface: u32,
    /// Hardware address of the next host; zeros where the link has none.
    pub(crate) mac: [u8; 6],
}

impl Hop {
    /// To ourselves. What a packet socket puts on the loopback has no route and is refused as forged, so
    /// such packets go the way of ordinary ones.
    pub(crate) const OWN: Self = Self { interface: 0, mac: [0; 6] };
}

/// Packets that wait to be sent together.
pub(crate) struct Batch {
    frames: Box<[[u8; LONGEST]; MOST_BATCHED]>,
    lengths: [usize; MOST_BATCHED],
    to: [libc::sockaddr_ll; MOST_BATCHED],
    len: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        let nowhere = address(Hop { interface: 0, mac: [0; 6] }, 0);
        Self {
            frames: Box::new([[0; LONGEST]; MOST_BATCHED]),
            lengths: [0; MOST_BATCHED],
            to: [nowhere; MOST_BATCHED],
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == MOST_BATCHED
    }

    /// Adds a packet, from its network header on. A full batch, or a packet longer than we ever send,
    /// is refused.
    pub(crate) fn push(&mut self, packet: &[u8], ethertype: u16, hop: Hop) -> bool {
        if self.is_full() || packet.len() > LONGEST {
            return false;
        }
        self.frames[self.len][..packet.len()].copy_from_slice(packet);
        self.lengths[self.len] = packet.len();
        self.to[self.len] = address(hop, ethertype);
        self.len += 1;
        true
    }
}

fn address(hop: Hop, ethertype: u16) -> libc::sockaddr_ll {
    let mut mac = [0; 8];
    mac[..6].copy_from_slice(&hop.mac);
    libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: ethertype.to_be(),
        sll_ifindex: hop.interface.cast_signed(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: mac,
    }
}

/// A socket that only sends.
pub(crate) struct Sender {
    socket: Socket,
    /// Sockets that take whole packets and route them, where the family is there: IPv4, IPv6.
    routed: [Option<Socket>; 2],
}

impl Sender {
    /// Needs `CAP_NET_RAW`.
    pub(crate) fn open() -> io::Result<Self> {
        let socket = packet_socket()?;
        let on: libc::c_int = 1;
        // Straight to the driver: queueing disciplines would hold back what we pace ourselves.
        set_option(&socket, libc::PACKET_QDISC_BYPASS, &on)?;
        let routed = [Domain::IPV4, Domain::IPV6].map(|family| {
            Socket::new(family, Type::RAW, Some(Protocol::from(libc::IPPROTO_RAW))).ok()
        });
        Ok(Self { socket, routed })
    }

    /// Sends one packet to an address of our own.
    pub(crate) fn send_own(&self, packet: &[u8], to: IpAddr) -> io::Result<()> {
        let socket = &self.routed[usize::from(to.is_ipv6())];
        let socket = socket.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        match socket.send_to(packet, &SocketAddr::new(to, 0).into()) {
            // A filter of our own host drops it: the port is silent.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            sent => sent.map(|_| ()),
        }
    }

    /// Sends all of a batch and empties it.
    ///
    /// Waits where the interface's queue is full, for a bounded time.
    pub(crate) fn flush(&self, batch: &mut Batch) -> io::Result<usize> {
        let mut done = 0;
        let mut blocked: Option<Instant> = None;
        while done < batch.len {
            match self.send(batch, done) {
                Ok(sent) => {
                    done += sent;
                    blocked = None;
                }
                Err(error) if passes(&error) => {
                    let since = *blocked.get_or_insert_with(Instant::now);
                    if since.elapsed() > LONGEST_BLOCKED {
                        return Err(error);
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        batch.len = 0;
        Ok(done)
    }

    #[expect(unsafe_code, reason = "the standard library has no call that sends many packets")]
    fn send(&self, batch: &mut Batch, from: usize) -> io::Result<usize> {
        let frames = batch.frames.iter_mut().zip(&batch.lengths);
        let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MOST_BATCHED];
        for (part, (frame, length)) in parts.iter_mut().zip(frames) {
            *part = libc::iovec { iov_base: frame.as_mut_ptr().cast(), iov_len: *length };
        }
        let mut messages: [libc::mmsghdr; MOST_BATCHED] = std::array::from_fn(|_| {
            // SAFETY: a message header is plain data, for which all zeros is a valid value.
            unsafe { std::mem::zeroed() }
        });
        for (at, message) in messages.iter_mut().enumerate() {
            message.msg_hdr.msg_name = (&raw mut batch.to[at]).cast();
            message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            message.msg_hdr.msg_iov = &raw mut parts[at];
            message.msg_hdr.msg_iovlen = 1;
        }
        let wanted = &mut messages[from..batch.len];
        // SAFETY: each header points to an address and one part, which point to memory of this batch
        // and this frame of the stack; all live and stay in place through the call.
        let sent = unsafe {
            libc::sendmmsg(
                self.socket.as_raw_fd(),
                wanted.as_mut_ptr(),
                wanted.len() as libc::c_uint,
                0,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

/// Errors that go away by themselves.
fn passes(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::EAGAIN | libc::EINTR | libc::ENOMEM))
}
