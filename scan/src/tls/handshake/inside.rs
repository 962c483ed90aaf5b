//! A conversation inside TLS, for whoever wants to know what is spoken there.

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::drive::Drive;
use super::{Client, HandshakeError};

/// A connection whose handshake is done.
pub struct Inside {
    drive: Drive,
}

impl Client {
    /// Shakes hands and leaves the connection open.
    pub async fn open(
        &self,
        stream: TcpStream,
        deadline: Instant,
    ) -> Result<Inside, HandshakeError> {
        let mut drive = Drive::new(self.connection()?, stream, deadline);
        drive.handshake().await?;
        Ok(Inside { drive })
    }
}

impl Inside {
    /// Sends bytes, at most some kilobytes.
    pub async fn say(&mut self, words: &[u8], deadline: Instant) -> Result<(), HandshakeError> {
        self.drive.until(deadline);
        self.drive.say(words).await
    }

    /// The next bytes; none when the peer has ended its side. One may hear again after
    /// [`HandshakeError::Silent`].
    pub async fn hear(&mut self, deadline: Instant) -> Result<Vec<u8>, HandshakeError> {
        self.drive.until(deadline);
        self.drive.hear().await
    }

    /// Hangs up.
    pub async fn leave(self) {
        self.drive.leave().await;
    }
}
