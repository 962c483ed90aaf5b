//! One datagram, and what becomes of it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::connect::icmp;
use crate::connect::outcome::Outcome;

/// Longest answer that is read: a datagram may hold 64 KiB, of which the beginning tells what it is.
const MOST: usize = 4096;
/// Answers from somebody else that are passed over before a probe gives up: they are no answer to us.
const MOST_STRANGERS: usize = 16;

/// What a probe showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// A datagram came back, after so long.
    Answer(Vec<u8>, Duration),
    /// ICMP says that the port cannot be reached.
    Closed(Duration),
    /// Something on the way says that it is prohibited, or that host or network cannot be reached.
    Stopped(Outcome),
    /// Nothing came back.
    Silence,
    /// This machine could not send.
    NotSent,
}

/// Sends a question and waits.
pub(super) async fn ask(peer: SocketAddr, question: &[u8], patience: Duration) -> Sight {
    let Ok(socket) = open(peer) else { return Sight::NotSent };
    let sent = Instant::now();
    if let Err(e) = send(&socket, question, peer).await {
        return failed(&e, &socket, sent);
    }
    let until = sent + patience;
    let mut bytes = vec![0; MOST];
    for _ in 0..MOST_STRANGERS {
        match timeout_at(until, socket.recv_from(&mut bytes)).await {
            Err(_) => return Sight::Silence,
            Ok(Ok((count, from))) if from.ip() == peer.ip() => {
                bytes.truncate(count);
                return Sight::Answer(bytes, sent.elapsed());
            }
            Ok(Ok(_)) => {}
            Ok(Err(e)) => return failed(&e, &socket, sent),
        }
    }
    Sight::Silence
}

/// TFTP answers from a port of its own (RFC 1350 §4), which a connected socket would not hear.
fn open(peer: SocketAddr) -> io::Result<UdpSocket> {
    let kind = Type::DGRAM.nonblocking();
    let socket = Socket::new(Domain::for_address(peer), kind, Some(Protocol::UDP))?;
    icmp::listen(&socket, peer);
    if answers_from_elsewhere(peer.port()) {
        let any: IpAddr = match peer {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        socket.bind(&SockAddr::from(SocketAddr::new(any, 0)))?;
    } else {
        socket.connect(&SockAddr::from(peer))?;
    }
    UdpSocket::from_std(socket.into())
}

const fn answers_from_elsewhere(port: u16) -> bool {
    matches!(port, 69 | 1900)
}

async fn send(socket: &UdpSocket, question: &[u8], peer: SocketAddr) -> io::Result<usize> {
    if answers_from_elsewhere(peer.port()) {
        socket.send_to(question, peer).await
    } else {
        socket.send(question).await
    }
}

/// What an error of the socket means: the queue tells which ICMP error it was.
fn failed(e: &io::Error, socket: &UdpSocket, sent: Instant) -> Sight {
    match icmp::queued(&SockRef::from(socket)) {
        Some(Outcome::PortUnreachable) => return Sight::Closed(sent.elapsed()),
        Some(outcome) => return Sight::Stopped(outcome),
        None => {}
    }
    match e.kind() {
        ErrorKind::ConnectionRefused => Sight::Closed(sent.elapsed()),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Sight::Stopped(Outcome::NoRoute)
        }
        _ => Sight::NotSent,
    }
}
