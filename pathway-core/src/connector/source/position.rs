//! The position of a message in its source.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The position of a message in its source: the sequence of a stream, the offset in a file, the revision of a database.
///
/// Only the source knows what it means, and must be able to continue after it. All other code only stores it.
///
/// ```
/// use pathway::io::Position;
///
/// let position = Position::from(42);
/// assert_eq!(position.as_u64(), Some(42));
/// assert_eq!(Position::from_bytes(*b"segment-7:1024").as_u64(), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position(Repr);

/// A number takes no memory of its own, which is what nearly every source has.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Repr {
    Number(u64),
    Bytes(Box<[u8]>),
}

impl Position {
    /// A position that is not a number.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Position(Repr::Bytes(bytes.into().into_boxed_slice()))
    }

    /// The number that the position was made from.
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Number(number) => Some(number),
            Repr::Bytes(_) => None,
        }
    }

    /// The bytes that the position was made from.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Repr::Number(_) => None,
            Repr::Bytes(bytes) => Some(bytes),
        }
    }
}

impl From<u64> for Position {
    fn from(number: u64) -> Self {
        Position(Repr::Number(number))
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position({self})")
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Number(number) => write!(f, "{number}"),
            Repr::Bytes(bytes) => write!(f, "{}", bytes.escape_ascii()),
        }
    }
}
