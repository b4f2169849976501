//! A frame: what a link carries from one process to another at a time.
//!
//! `[u8 kind][u32 length][u32 crc32 of the bytes][u32 crc32 of these nine bytes][bytes]`, numbers with the lowest byte first.
//!
//! The head has a checksum of its own: with a damaged length, the reader would otherwise wait for bytes that nobody sends, while
//! pings keep the link alive.

use std::fmt;

/// How many bytes are before a frame's own.
pub(super) const HEAD: usize = 13;

/// The longest frame of a link, in bytes. What the workers exchange is split far below it (a message of timely has at most a few
/// hundred KiB and one batch): a longer frame is a mistake.
pub(super) const LONGEST: usize = 1 << 30;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Says only that the other process is there.
    Ping,
    /// What the workers exchange.
    Data,
    /// A message between the processes themselves.
    Control,
    /// Nothing follows.
    End,
    /// A third process is lost, and with it this link: the number of the process as four bytes, and the reason.
    Lost,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) length: usize,
    checksum: u32,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// The head is not what was sent, or was never one.
    Head,
    /// No frame is that long here.
    Length(usize),
    /// The bytes are not what was sent.
    Bytes,
}

impl Head {
    /// Of a frame with these bytes.
    pub(super) fn of(kind: Kind, bytes: &[u8]) -> Result<[u8; HEAD], Damage> {
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= LONGEST);
        let length = length.ok_or(Damage::Length(bytes.len()))?;
        let mut head = [0; HEAD];
        head[0] = kind as u8;
        head[1..5].copy_from_slice(&length.to_le_bytes());
        head[5..9].copy_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        let checksum = crc32fast::hash(&head[..9]);
        head[9..].copy_from_slice(&checksum.to_le_bytes());
        Ok(head)
    }

    /// Reads one, of a frame that may have so many bytes.
    pub(super) fn read(head: &[u8; HEAD], longest: usize) -> Result<Head, Damage> {
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if crc32fast::hash(&head[..9]) != number(9) {
            return Err(Damage::Head);
        }
        let kind = match head[0] {
            0 => Kind::Ping,
            1 => Kind::Data,
            2 => Kind::Control,
            3 => Kind::End,
            4 => Kind::Lost,
            _ => return Err(Damage::Head),
        };
        let length = number(1) as usize;
        if length > longest {
            return Err(Damage::Length(length));
        }
        Ok(Head { kind, length, checksum: number(5) })
    }

    /// Compares the bytes of the frame with their checksum.
    pub(super) fn check(&self, bytes: &[u8]) -> Result<(), Damage> {
        match crc32fast::hash(bytes) == self.checksum {
            true => Ok(()),
            false => Err(Damage::Bytes),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Head => f.write_str("the head of a frame is damaged"),
            Damage::Length(length) => write!(f, "a frame of {length} bytes is too long"),
            Damage::Bytes => f.write_str("a frame is damaged"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_as_it_was_written() {
        for kind in [Kind::Ping, Kind::Data, Kind::Control, Kind::End, Kind::Lost] {
            for bytes in [&b""[..], b"a", b"some bytes"] {
                let head = Head::of(kind, bytes).and_then(|head| Head::read(&head, 10)).expect("a head");
                assert_eq!((head.kind, head.length), (kind, bytes.len()));
                assert_eq!(head.check(bytes), Ok(()));
            }
        }
    }

    #[test]
    fn each_damaged_bit_of_a_frame_is_noticed() {
        let bytes = b"some bytes";
        let head = Head::of(Kind::Data, bytes).expect("a short frame");
        for bit in 0..8 * HEAD {
            let mut damaged = head;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::read(&damaged, LONGEST), Err(Damage::Head), "bit {bit}");
        }
        let head = Head::read(&head, LONGEST).expect("a head");
        for bit in 0..8 * bytes.len() {
            let mut damaged = *bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(head.check(&damaged), Err(Damage::Bytes), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_that_is_too_long_for_its_reader_is_refused() {
        let head = Head::of(Kind::Control, &[0; 11]).expect("a short frame");
        assert_eq!(Head::read(&head, 10), Err(Damage::Length(11)));
        assert!(Head::read(&head, 11).is_ok());
    }

    #[test]
    fn an_unknown_kind_is_damage() {
        let mut head = [0; HEAD];
        head[0] = 5;
        let checksum = crc32fast::hash(&head[..9]);
        head[9..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(Head::read(&head, LONGEST), Err(Damage::Head));
    }
}
