//! The connection to one other process, as long as both are there.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::frame::{HEAD, Head, Kind, LONGEST};

/// How long a read waits for bytes before it looks whether the link is lost; shorter if the patience is short.
const RECEIVE_TIMEOUT: Duration = Duration::from_millis(200);

/// How long a write waits for room before it looks whether the link is lost. A ping waits no longer: the other links need theirs.
const SEND_TIMEOUT: Duration = Duration::from_millis(50);

/// How much is read at a time.
const BUFFER: usize = 64 << 10;

/// How much memory is reserved for what has not arrived yet.
const STEP: usize = 1 << 20;

/// What is called when a link is lost: with the peer and the reason.
pub(super) type OnLost = Box<dyn Fn(usize, &str) + Send + Sync>;

/// The connection to one other process.
///
/// It is used by several threads at once: one reads, and any of them write whole frames.
pub(crate) struct Link {
    peer: usize,
    socket: TcpStream,
    patience: Duration,
    receiver: Mutex<Receiver>,
    sender: Mutex<Sender>,
    /// Why it is of no use any more.
    reason: OnceLock<String>,
    on_lost: OnLost,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
}

/// Bytes that are read, and belong to no frame yet.
struct Receiver {
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

#[derive(Default)]
struct Sender {
    /// The rest of a ping for which there was no room.
    rest: Vec<u8>,
    /// Nothing is sent after the end.
    has_ended: bool,
    /// Since the last ping: the other side has heard from us, and needs none.
    has_sent: bool,
}

/// The link is lost, or closed. Its reason is the link's.
#[derive(Debug)]
pub(crate) struct LinkLost;

impl Link {
    /// Takes a connection over to the process `peer`, with the bytes that are read from it already.
    pub(super) fn new(
        peer: usize,
        socket: TcpStream,
        received: Vec<u8>,
        patience: Duration,
        on_lost: OnLost,
    ) -> io::Result<Link> {
        socket.set_nonblocking(false)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(RECEIVE_TIMEOUT.min(patience / 4).max(Duration::from_millis(1))))?;
        socket.set_write_timeout(Some(SEND_TIMEOUT))?;
        Ok(Link {
            peer,
            socket,
            patience,
            receiver: Mutex::new(Receiver { begin: 0, end: received.len(), buffer: received }),
            sender: Mutex::default(),
            reason: OnceLock::new(),
            on_lost,
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
        })
    }

    /// The number of the other process.
    pub(crate) fn peer(&self) -> usize {
        self.peer
    }

    /// Bytes that were sent and received, heads and pings included.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.bytes_sent.load(Ordering::Relaxed), self.bytes_received.load(Ordering::Relaxed))
    }

    /// Why the link is of no use any more.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.reason.get().map(String::as_str)
    }

    /// Gives the link up. The first reason stays; what reads or writes on other threads returns at once.
    pub(crate) fn fail(&self, reason: &str) {
        if self.reason.set(reason.to_owned()).is_ok() {
            // Before the other side notices: it then closes its links, and must not seem to be the cause.
            (self.on_lost)(self.peer, reason);
        }
        self.disconnect();
    }

    /// Gives the link up because a third process is lost. The other side is told, if there is room: it would take the end of this
    /// link for the loss.
    pub(super) fn give_up(&self, lost: usize, reason: &str) {
        if self.lost().is_none()
            && let Ok(sender) = self.sender.try_lock()
            && sender.rest.is_empty()
            && !sender.has_ended
        {
            let bytes = [&(lost as u32).to_le_bytes()[..], reason.as_bytes()].concat();
            let frame = Head::of(Kind::Lost, &bytes).map(|head| [&head[..], &bytes].concat()).unwrap_or_default();
            // The link ends in any case.
            let _ = (&self.socket).write(&frame);
        }
        let _ = self.reason.set(reason.to_owned());
        self.disconnect();
    }

    /// Gives the link up, which is no loss.
    pub(super) fn close(&self) {
        // It may be lost already.
        let _ = self.reason.set("the link is closed".into());
        self.disconnect();
    }

    fn disconnect(&self) {
        // It also ends a write that waits for room. It fails only where the connection is gone already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Sends a frame, and waits until there is room for it. Nothing is sent if the link is lost, or behind an end.
    pub(crate) fn send(&self, kind: Kind, bytes: &[u8]) {
        let head = match Head::of(kind, bytes) {
            Ok(head) => head,
            Err(damage) => return self.fail(&format!("cannot write: {damage}")),
        };
        let mut sender = lock(&self.sender);
        if sender.has_ended || self.lost().is_some() {
            return;
        }
        let sent = self.write(&mut sender, &head, bytes);
        drop(sender);
        if let Err(error) = sent {
            self.fail(&format!("cannot write: {error}"));
        }
    }

    fn write(&self, sender: &mut Sender, head: &[u8], bytes: &[u8]) -> io::Result<()> {
        let rest = std::mem::take(&mut sender.rest);
        let mut parts = [IoSlice::new(&rest), IoSlice::new(head), IoSlice::new(bytes)];
        let mut parts = &mut parts[..];
        while !parts.is_empty() {
            match (&self.socket).write_vectored(parts) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.bytes_sent.fetch_add(written as u64, Ordering::Relaxed);
                    IoSlice::advance_slices(&mut parts, written);
                }
                Err(error) if is_empty_handed(&error) && self.lost().is_none() => {}
                Err(error) => return Err(error),
            }
        }
        sender.has_sent = true;
        sender.has_ended = head[0] == Kind::End as u8;
        Ok(())
    }

    /// Lets the other process know that this one is there, unless it knows.
    pub(super) fn ping(&self) {
        let mut sender = match self.sender.try_lock() {
            Ok(sender) => sender,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody sends: the other process has something to read.
            Err(TryLockError::WouldBlock) => return,
        };
        if sender.has_ended || self.lost().is_some() || std::mem::take(&mut sender.has_sent) {
            return;
        }
        if sender.rest.is_empty() {
            sender.rest = Head::of(Kind::Ping, &[]).map(Vec::from).unwrap_or_default();
        }
        let written = (&self.socket).write(&sender.rest);
        match written {
            Ok(written) => {
                self.bytes_sent.fetch_add(written as u64, Ordering::Relaxed);
                sender.rest.drain(..written);
            }
            // There is no room: the other process has not read what was sent before.
            Err(error) if is_empty_handed(&error) => {}
            Err(error) => {
                drop(sender);
                self.fail(&format!("cannot write: {error}"));
            }
        }
    }

    /// Waits for the next frame that is no ping, and puts its bytes into `bytes`. A loss is noted, and stays.
    pub(crate) fn receive(&self, bytes: &mut Vec<u8>) -> Result<Kind, LinkLost> {
        let mut receiver = lock(&self.receiver);
        loop {
            match self.read_frame(&mut receiver, bytes) {
                Ok(Kind::Ping) => {}
                Ok(Kind::Lost) => {
                    drop(receiver);
                    self.hear_of_loss(bytes);
                    bytes.clear();
                    return Err(LinkLost);
                }
                Ok(kind) => return Ok(kind),
                Err(reason) => {
                    drop(receiver);
                    bytes.clear();
                    self.fail(&reason);
                    return Err(LinkLost);
                }
            }
        }
    }

    /// The other side has given this link up because of a third process.
    fn hear_of_loss(&self, bytes: &[u8]) {
        let Some((process, reason)) = bytes.split_first_chunk() else { return self.fail("it has lost a process") };
        let reason = String::from_utf8_lossy(reason);
        if self.reason.set(reason.clone().into_owned()).is_ok() {
            (self.on_lost)(u32::from_le_bytes(*process) as usize, &reason);
        }
        self.disconnect();
    }

    fn read_frame(&self, receiver: &mut Receiver, bytes: &mut Vec<u8>) -> Result<Kind, String> {
        let mut head = [0; HEAD];
        self.read_exact(receiver, &mut head)?;
        let head = Head::read(&head, LONGEST).map_err(|damage| damage.to_string())?;
        bytes.clear();
        while bytes.len() < head.length {
            let begin = bytes.len();
            bytes.resize(head.length.min(begin + STEP), 0);
            self.read_exact(receiver, &mut bytes[begin..])?;
        }
        head.check(bytes).map_err(|damage| damage.to_string())?;
        Ok(head.kind)
    }

    fn read_exact(&self, receiver: &mut Receiver, mut into: &mut [u8]) -> Result<(), String> {
        while !into.is_empty() {
            if receiver.begin < receiver.end {
                let count = into.len().min(receiver.end - receiver.begin);
                let (filled, rest) = into.split_at_mut(count);
                filled.copy_from_slice(&receiver.buffer[receiver.begin..receiver.begin + count]);
                receiver.begin += count;
                into = rest;
            } else if into.len() >= BUFFER {
                let count = self.wait_for_bytes(into)?;
                into = &mut into[count..];
            } else {
                receiver.buffer.resize(BUFFER, 0);
                receiver.end = self.wait_for_bytes(&mut receiver.buffer)?;
                receiver.begin = 0;
            }
        }
        Ok(())
    }

    /// Reads what is there, or what comes.
    ///
    /// The silence is the time that reads have waited in vain, and each counts for at most twice what it may wait: a process that
    /// was stopped for a while, or its machine, has not listened meanwhile, and reads what has arrived before it judges.
    fn wait_for_bytes(&self, into: &mut [u8]) -> Result<usize, String> {
        let longest = 2 * RECEIVE_TIMEOUT.min(self.patience / 4);
        let mut silence = Duration::ZERO;
        loop {
            if let Some(reason) = self.lost() {
                return Err(reason.to_owned());
            }
            let begin = Instant::now();
            match (&self.socket).read(into) {
                Ok(0) => return Err("it has closed the connection".into()),
                Ok(count) => {
                    self.bytes_received.fetch_add(count as u64, Ordering::Relaxed);
                    return Ok(count);
                }
                Err(error) if is_empty_handed(&error) => silence += begin.elapsed().min(longest),
                Err(error) => return Err(format!("cannot read: {error}")),
            }
            if silence >= self.patience {
                return Err(format!("it has sent nothing for {:?}", self.patience));
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("peer", &self.peer).field("lost", &self.lost()).finish_non_exhaustive()
    }
}

/// Whether a call has only waited in vain, or was interrupted by a signal.
fn is_empty_handed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LONG, link, sockets};
    use super::*;

    #[test]
    fn a_ping_does_not_wait_for_room() {
        let (_peer, socket) = sockets();
        let link = link(1, socket, LONG).expect("a link");
        while (&link.socket).write(&[0; BUFFER]).is_ok() {}
        link.ping();
        assert_eq!((link.lost(), link.traffic()), (None, (0, 0)));
        assert_eq!(lock(&link.sender).rest.len(), HEAD);
    }

    #[test]
    fn the_rest_of_a_ping_goes_before_what_is_sent_next() {
        let (peer, socket) = sockets();
        let (link, other) = (link(1, socket, LONG).expect("a link"), link(0, peer, LONG).expect("a link"));
        for sent in 0..HEAD {
            let ping = Head::of(Kind::Ping, &[]).expect("a head");
            (&link.socket).write_all(&ping[..sent]).expect("sent");
            lock(&link.sender).rest = ping[sent..].to_vec();
            match sent % 2 {
                0 => link.ping(),
                _ => lock(&link.sender).has_sent = false,
            }
            link.send(Kind::Data, &[1; 9]);
            let mut bytes = Vec::new();
            assert!(matches!(other.receive(&mut bytes), Ok(Kind::Data)));
            assert_eq!(bytes, [1; 9]);
        }
    }

    #[test]
    fn a_frame_that_has_begun_is_read_on() {
        let (peer, socket) = sockets();
        let frame = [&Head::of(Kind::Control, b"abcd").expect("a head")[..], b"abcd"].concat();
        for read in 0..=frame.len() {
            let on_lost: OnLost = Box::new(|_, _| {});
            let socket = socket.try_clone().expect("a socket");
            let link = Link::new(1, socket, frame[..read].to_vec(), LONG, on_lost).expect("a link");
            (&peer).write_all(&frame[read..]).expect("sent");
            let mut bytes = Vec::new();
            assert!(matches!(link.receive(&mut bytes), Ok(Kind::Control)));
            assert_eq!(bytes, b"abcd");
        }
    }
}
