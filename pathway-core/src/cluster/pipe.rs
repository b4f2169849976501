//! Bytes for the workers over a link: whatever happens, they see a peer that has ended properly.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use super::frame::Kind;
use super::link::Link;

/// What timely writes when nothing follows: the header of a message of length 0, which stands alone in a write, because everything
/// before it is flushed first. No message with data is that short.
const END_HEADER: [u8; 48] = [0; 48];

/// A frame's memory is kept for the next one up to this many bytes.
const KEPT: usize = 1 << 20;

/// What is called with each control frame: the peer, and the bytes. It runs between two reads of data, and must not wait.
pub(crate) type OnControl = Arc<dyn Fn(usize, &[u8]) + Send + Sync>;

/// The bytes of the data frames of a link, in both directions.
///
/// No read and no write fails. If the link is lost, what was received whole is still read, and then what a peer that ends would
/// send: the header of the end, and the end. What is written is dropped. Each write must have whole messages, because a loss is
/// only ever seen between two writes of the other side.
pub(crate) struct Pipe {
    link: Arc<Link>,
    on_control: OnControl,
    frame: Vec<u8>,
    /// How much of the frame was read.
    given: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// More frames may come.
    Open,
    /// The other side has said that it ends, but not yet that nothing follows.
    Ending,
    /// Nothing follows the frame.
    Ended,
}

impl Pipe {
    /// Over a link, which no other pipe reads.
    pub(crate) fn new(link: Arc<Link>, on_control: OnControl) -> Pipe {
        Pipe { link, on_control, frame: Vec::new(), given: 0, state: State::Open }
    }

    /// Another handle on the same pipe: one is for reading and one for writing.
    pub(crate) fn try_clone(&self) -> io::Result<Pipe> {
        Ok(Pipe::new(Arc::clone(&self.link), Arc::clone(&self.on_control)))
    }

    /// Tells the other side that nothing follows. From now on, nothing is sent, nor are control frames.
    pub(crate) fn shutdown_write(&self) {
        self.link.send(Kind::End, &[]);
    }

    /// Makes another frame the one that is read.
    fn advance(&mut self) {
        self.given = 0;
        if self.frame.capacity() > KEPT {
            self.frame = Vec::new();
        }
        match self.link.receive(&mut self.frame) {
            Ok(Kind::Data) if self.frame == END_HEADER => self.state = State::Ending,
            Ok(Kind::Data | Kind::Ping) => {}
            Ok(Kind::Control) => {
                (self.on_control)(self.link.peer(), &self.frame);
                self.frame.clear();
            }
            Ok(Kind::End) => {
                self.frame.clear();
                self.state = State::Ended;
            }
            Ok(Kind::Lost) | Err(_) => {
                self.frame.clear();
                // A second header of an end would be data behind the end.
                if self.state == State::Open {
                    self.frame.extend(END_HEADER);
                }
                self.state = State::Ended;
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.frame.len() {
            if self.state == State::Ended {
                return Ok(0);
            }
            self.advance();
        }
        let count = into.len().min(self.frame.len() - self.given);
        into[..count].copy_from_slice(&self.frame[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link.send(Kind::Data, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("link", &self.link).finish_non_exhaustive()
    }
}
