//! One attempt: a TCP connection that is opened, and closed again before a byte is sent.
//!
//! What the kernel makes of an answer is read from the socket. A reset to a SYN is ECONNREFUSED; a
//! reset after the handshake is ECONNRESET (or EPIPE, when a FIN came first): then the port was open,
//! though `connect` seems to have failed. ICMP errors are told from resets by the socket's error
//! queue: a firewall's port-unreachable gives ECONNREFUSED too, and is no word of the host's.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::icmp;
use super::outcome::Outcome;

/// An attempt that was begun.
pub(super) enum Begun {
    /// It was answered within the call, as on this machine or on a link without delay.
    Done(Outcome),
    /// The SYN is on its way.
    Waiting(Socket),
    /// This machine could not try just now: no descriptor, source port or memory is left.
    Exhausted,
}

/// Sends the SYN.
pub(super) fn begin(to: SocketAddr) -> Begun {
    // A socket that does not block from its birth saves two calls to the kernel.
    let kind = Type::STREAM.nonblocking();
    let Ok(socket) = Socket::new(Domain::for_address(to), kind, Some(Protocol::TCP)) else {
        return Begun::Exhausted;
    };
    icmp::listen(&socket, to);
    if let Err(e) = socket.connect(&SockAddr::from(to))
        && e.raw_os_error() != Some(libc::EINPROGRESS)
    {
        return failed(&e, &socket).map_or(Begun::Exhausted, Begun::Done);
    }
    match look(&socket) {
        Some(outcome) => Begun::Done(outcome),
        None => Begun::Waiting(socket),
    }
}

/// Waits for the answer, at most for `patience`. `None` when this machine could not wait for it.
pub(super) async fn finish(socket: Socket, patience: Duration) -> Option<Outcome> {
    tokio::time::timeout(patience, answered(socket)).await.unwrap_or(Some(Outcome::Silent))
}

async fn answered(socket: Socket) -> Option<Outcome> {
    let stream = TcpStream::from_std(socket.into()).ok()?;
    loop {
        stream.writable().await.ok()?;
        let mut seen = None;
        // While there is nothing to see, the event loop is told to wait for the next event.
        let _ = stream.try_io(Interest::WRITABLE, || {
            seen = look(&SockRef::from(&stream));
            if seen.is_some() { Ok(()) } else { Err(ErrorKind::WouldBlock.into()) }
        });
        if seen.is_some() {
            return seen;
        }
    }
}

/// What has become of a connection; `None` while the SYN is unanswered.
fn look(socket: &Socket) -> Option<Outcome> {
    match socket.take_error() {
        Ok(Some(e)) | Err(e) => return failed(&e, socket),
        Ok(None) => {}
    }
    let Ok(peer) = socket.peer_addr() else {
        // An ICMP error that came while the SYN was still being sent is only remembered by the
        // kernel: it goes on asking. What the error says is known all the same.
        return icmp::queued(socket);
    };
    // A port of this machine's own range for outgoing connections may be given to the very socket that
    // asks for it. TCP then opens a connection to itself (RFC 9293, 3.5): nobody listens there.
    if socket.local_addr().is_ok_and(|own| own == peer) {
        return Some(Outcome::Refused);
    }
    close(socket);
    Some(Outcome::Open)
}

/// What a failed connection shows; `None` when it shows only that this machine has nothing left to
/// connect with.
fn failed(e: &io::Error, socket: &Socket) -> Option<Outcome> {
    let otherwise = match e.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => return Some(Outcome::OpenThenReset),
        ErrorKind::TimedOut => return Some(Outcome::Silent),
        ErrorKind::ConnectionRefused => Outcome::Refused,
        // A prohibition by ICMPv6 is EACCES. Where no error is queued it is our own filter's no.
        ErrorKind::PermissionDenied => Outcome::NotSent,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Outcome::NoRoute
        }
        _ => match e.raw_os_error() {
            Some(libc::EPROTO | libc::ENOPROTOOPT | libc::EHOSTDOWN) => Outcome::NoRoute,
            Some(libc::EAFNOSUPPORT | libc::EINVAL) => return Some(Outcome::NotSent),
            _ => return None,
        },
    };
    Some(icmp::queued(socket).unwrap_or(otherwise))
}

/// Ends a connection as a polite client does. Closing a socket with unread bytes sends a reset, which
/// some services log as an attack; so a banner that is already here is read and forgotten.
fn close(socket: &Socket) {
    let mut banner = [MaybeUninit::uninit(); 1024];
    // Both only spare the other side; there is nothing to do when they fail.
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.recv(&mut banner);
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// A connection as [`begin`] makes it, without a look at what has become of it.
    fn connected(listener: &TcpListener) -> Socket {
        let to = listener.local_addr().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        socket.connect(&SockAddr::from(to)).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    /// Takes a connection, says `banner`, and resets it.
    fn reset(listener: &TcpListener, banner: &[u8]) {
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(banner).unwrap();
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    }

    #[test]
    fn a_reset_after_the_handshake_is_an_open_port() {
        for banner in [&b""[..], b"go away\r\n"] {
            let listener = listener();
            let socket = connected(&listener);
            reset(&listener, banner);
            // Loopback delivers before `close` returns.
            assert_eq!(look(&socket), Some(Outcome::OpenThenReset));
        }
    }

    #[test]
    fn a_service_that_hangs_up_at_once_is_an_open_port() {
        let listener = listener();
        let socket = connected(&listener);
        drop(listener.accept().unwrap());
        assert_eq!(look(&socket), Some(Outcome::Open));
    }

    #[test]
    fn nobody_listens_where_a_connection_meets_itself() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        let own = socket.local_addr().unwrap();
        socket.connect(&own).unwrap();
        assert_eq!(look(&socket), Some(Outcome::Refused));
    }

    #[test]
    fn a_connection_ends_without_a_reset_although_a_banner_lies_unread() {
        let listener = listener();
        let socket = connected(&listener);
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        assert_eq!(look(&socket), Some(Outcome::Open));
        drop(socket);
        let ended = io::Read::read(&mut peer, &mut [0; 8]);
        assert!(matches!(ended, Ok(0)), "{ended:?}");
    }

    #[tokio::test]
    async fn open_and_refused_are_told() {
        let listener = listener();
        let open = listener.local_addr().unwrap();
        assert_eq!(outcome(open).await, Some(Outcome::Open));
        drop(listener);
        assert_eq!(outcome(open).await, Some(Outcome::Refused));
    }

    #[tokio::test]
    async fn silence_ends() {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let to = listener.local_addr().unwrap().as_socket().unwrap();
        // A backlog of 0 holds one connection; the kernel drops further SYNs.
        let held: Vec<_> = (0..2)
            .map(|_| std::net::TcpStream::connect_timeout(&to, Duration::from_millis(100)))
            .collect();
        assert_eq!(outcome(to).await, Some(Outcome::Silent));
        drop(held);
    }

    async fn outcome(to: SocketAddr) -> Option<Outcome> {
        match begin(to) {
            Begun::Done(outcome) => Some(outcome),
            Begun::Waiting(socket) => finish(socket, Duration::from_millis(300)).await,
            Begun::Exhausted => None,
        }
    }
}
