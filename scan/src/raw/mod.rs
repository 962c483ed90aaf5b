//! Packet sockets of Linux: the only place that is not safe code.
//!
//! Both ways the sockets speak from the network header on (`SOCK_DGRAM`), so that the same code serves
//! Ethernet, loopback and tunnels; the kernel writes and strips the link header. Nothing is put into
//! promiscuous mode.
//!
//! Sources: packet(7), socket(7), `linux/if_packet.h`, `Documentation/networking/packet_mmap.rst`.

use std::io;

use socket2::{Domain, Protocol, Socket, Type};

pub(crate) use filter::program;
pub(crate) use ring::{Received, Ring};
pub(crate) use send::{Batch, Hop, MOST_BATCHED, Sender};

pub(crate) mod capabilities;
mod filter;
mod ring;
mod send;

/// EtherTypes (IEEE 802 numbers).
pub(crate) const IPV4: u16 = 0x0800;
/// RFC 826.
pub(crate) const ARP: u16 = 0x0806;
/// RFC 8200.
pub(crate) const IPV6: u16 = 0x86dd;

/// A packet socket that receives nothing: protocol 0 until it is bound.
fn packet_socket() -> io::Result<Socket> {
    Socket::new(Domain::from(libc::AF_PACKET), Type::DGRAM, Some(Protocol::from(0)))
}

/// Sets an option at the level of packet sockets.
#[expect(unsafe_code, reason = "socket2 knows no options of packet sockets")]
fn set_option<T>(socket: &Socket, name: libc::c_int, value: &T) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open while `socket` is borrowed, and the pointer and size are those of a
    // value that lives through the call. The kernel copies it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            name,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
