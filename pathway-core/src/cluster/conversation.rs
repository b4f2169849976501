//! A connection to another process before it is a link: messages, one after another.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frame::{Damage, HEAD, Head, Kind};

/// How long a message may wait for room. They are short, and nothing else is on the way.
const SEND_DEADLINE: Duration = Duration::from_secs(1);

/// A connection on which both sides send messages and pings.
pub(super) struct Conversation {
    stream: TcpStream,
    /// The head of the frame that arrives, and how much of it has.
    head: [u8; HEAD],
    filled: usize,
    /// What has arrived of its bytes.
    bytes: Vec<u8>,
    silence: Duration,
    since_ping: Duration,
}

/// Why a conversation is over.
#[derive(Debug)]
pub(super) enum Broken {
    /// The other side has closed it.
    Closed,
    /// What arrives is none of our frames, or not what was sent.
    Damaged(Damage),
    /// What arrives is none of the messages that can come here.
    Unexpected,
    /// Nothing was heard for that long.
    Silent(Duration),
    /// Anything else.
    Io(io::Error),
}

impl Conversation {
    pub(super) fn new(stream: TcpStream) -> io::Result<Conversation> {
        stream.set_nodelay(true)?;
        let (silence, since_ping) = (Duration::ZERO, Duration::ZERO);
        Ok(Conversation { stream, head: [0; HEAD], filled: 0, bytes: Vec::new(), silence, since_ping })
    }

    /// Waits for a message of at most so many bytes. Nothing is lost if this is dropped before it is done.
    pub(super) async fn receive<T: DeserializeOwned>(&mut self, longest: usize) -> Result<T, Broken> {
        let bytes = self.receive_bytes(longest).await?;
        postcard::from_bytes(&bytes).map_err(|_| Broken::Unexpected)
    }

    /// The same, as it was sent.
    pub(super) async fn receive_bytes(&mut self, longest: usize) -> Result<Vec<u8>, Broken> {
        loop {
            match self.frame(longest).await? {
                (Kind::Ping, _) => {}
                (Kind::Control, bytes) => return Ok(bytes),
                _ => return Err(Broken::Unexpected),
            }
        }
    }

    async fn frame(&mut self, longest: usize) -> Result<(Kind, Vec<u8>), Broken> {
        while self.filled < HEAD {
            let count = self.stream.read(&mut self.head[self.filled..]).await?;
            self.arrived(count)?;
            self.filled += count;
        }
        let head = Head::read(&self.head, longest)?;
        while self.bytes.len() < head.length {
            let missing = (head.length - self.bytes.len()) as u64;
            let count = (&mut self.stream).take(missing).read_buf(&mut self.bytes).await?;
            self.arrived(count)?;
        }
        self.filled = 0;
        let bytes = std::mem::take(&mut self.bytes);
        head.check(&bytes)?;
        Ok((head.kind, bytes))
    }

    fn arrived(&mut self, count: usize) -> Result<(), Broken> {
        self.silence = Duration::ZERO;
        if count == 0 { Err(Broken::Closed) } else { Ok(()) }
    }

    /// Sends a message.
    pub(super) async fn send<T: Serialize>(&mut self, message: &T) -> Result<(), Broken> {
        let bytes = postcard::to_stdvec(message).map_err(|_| Broken::Unexpected)?;
        self.send_bytes(&bytes).await
    }

    /// The same, as bytes.
    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.write(Kind::Control, bytes).await
    }

    async fn write(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), Broken> {
        let frame = [&Head::of(kind, bytes)?[..], bytes].concat();
        match timeout(SEND_DEADLINE, self.stream.write_all(&frame)).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Broken::Silent(SEND_DEADLINE)),
        }
    }

    /// So much time has passed, in which the process has listened: pings if it is time, and gives up if it was silent for too long.
    pub(super) async fn pass(&mut self, time: Duration, interval: Duration, patience: Duration) -> Result<(), Broken> {
        self.silence += time;
        if self.silence > patience {
            return Err(Broken::Silent(patience));
        }
        self.since_ping += time;
        if self.since_ping >= interval {
            self.since_ping = Duration::ZERO;
            // If this is dropped before there is room, the ping is left out: it is so short that it is never sent in part.
            self.write(Kind::Ping, &[]).await?;
        }
        Ok(())
    }

    /// The socket, and what was read of the next frame.
    pub(super) fn into_parts(self) -> io::Result<(std::net::TcpStream, Vec<u8>)> {
        let received = [&self.head[..self.filled], &self.bytes].concat();
        Ok((self.stream.into_std()?, received))
    }

    /// Goes on in another runtime.
    pub(super) fn moved(self) -> io::Result<Conversation> {
        let stream = TcpStream::from_std(self.stream.into_std()?)?;
        Ok(Conversation { stream, ..self })
    }
}

impl From<Damage> for Broken {
    fn from(damage: Damage) -> Self {
        Broken::Damaged(damage)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Broken::Closed,
            _ => Broken::Io(error),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Closed => f.write_str("it has closed the connection"),
            Broken::Damaged(damage) => damage.fmt(f),
            Broken::Unexpected => f.write_str("it has sent something else"),
            Broken::Silent(time) => write!(f, "it has sent nothing for {time:?}"),
            Broken::Io(error) => error.fmt(f),
        }
    }
}
