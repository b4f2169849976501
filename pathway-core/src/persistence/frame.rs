//! Frames: values in a file, with checksums.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | the length of the value, little-endian |
//! | 4 | CRC-32 of these four bytes |
//! | 4 | CRC-32 of the value |
//! | length | the value, as postcard encodes it |
//!
//! The length has a checksum of its own: otherwise a wrong one would make valid frames behind it look like the rest of a frame
//! that was not written completely.

use std::io::{self, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;

const HEADER: usize = 12;
/// No value is larger.
const MAX_LEN: u32 = 1 << 30;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<T> {
    /// A value, and how many bytes its frame takes.
    Value(T, u64),
    /// The file ends here.
    End,
    /// The file ends within the frame, or the frame is the last one and not as it was written.
    Torn,
    /// The frame is not as it was written, and there is more behind it.
    Corrupt,
}

/// Adds the frame of a value.
pub(super) fn write<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), postcard::Error> {
    write_with(value, &[], bytes)
}

/// Adds the frame of a value and bytes behind it.
pub(super) fn write_with<T: Serialize>(value: &T, tail: &[u8], bytes: &mut Vec<u8>) -> Result<(), postcard::Error> {
    let begin = bytes.len();
    bytes.extend([0; HEADER]);
    *bytes = postcard::to_extend(value, std::mem::take(bytes))?;
    bytes.extend_from_slice(tail);
    let payload = &bytes[begin + HEADER..];
    let len = u32::try_from(payload.len()).ok().filter(|len| *len <= MAX_LEN);
    let len = len.ok_or(postcard::Error::SerializeBufferFull)?.to_le_bytes();
    let header = [len, crc32fast::hash(&len).to_le_bytes(), crc32fast::hash(payload).to_le_bytes()];
    bytes[begin..begin + HEADER].copy_from_slice(header.as_flattened());
    Ok(())
}

/// Reads the next frame. `rest` is the number of bytes until the end of the file.
pub(super) fn read<T: DeserializeOwned>(file: &mut impl Read, rest: u64) -> io::Result<Frame<T>> {
    read_with(file, rest, &mut Vec::new())
}

/// Reads the next frame; `tail` becomes the bytes behind the value.
pub(super) fn read_with<T: DeserializeOwned>(
    file: &mut impl Read,
    rest: u64,
    tail: &mut Vec<u8>,
) -> io::Result<Frame<T>> {
    if rest == 0 {
        return Ok(Frame::End);
    }
    if rest < HEADER as u64 {
        return Ok(Frame::Torn);
    }
    let mut header = [0; HEADER];
    file.read_exact(&mut header)?;
    let [len, len_check, check] = header.as_chunks::<4>().0 else { return Ok(Frame::Corrupt) };
    let is_len = u32::from_le_bytes(*len_check) == crc32fast::hash(len) && u32::from_le_bytes(*len) <= MAX_LEN;
    if !is_len {
        // After a power loss, the end of a file can be zeros.
        let mut behind = Vec::new();
        if header == [0; HEADER] {
            file.read_to_end(&mut behind)?;
        }
        let is_torn = header == [0; HEADER] && behind.iter().all(|byte| *byte == 0);
        return Ok(if is_torn { Frame::Torn } else { Frame::Corrupt });
    }
    let (len, rest) = (u32::from_le_bytes(*len), rest - HEADER as u64);
    if u64::from(len) > rest {
        return Ok(Frame::Torn);
    }
    let mut payload = vec![0; len as usize];
    file.read_exact(&mut payload)?;
    let value = (crc32fast::hash(&payload) == u32::from_le_bytes(*check)).then(|| postcard::take_from_bytes(&payload));
    Ok(match value {
        Some(Ok((value, behind))) => {
            let begin = payload.len() - behind.len();
            payload.drain(..begin);
            *tail = payload;
            Frame::Value(value, HEADER as u64 + u64::from(len))
        }
        // The checksum is right: another version of this crate has written it.
        Some(Err(_)) => Frame::Corrupt,
        None if u64::from(len) == rest => Frame::Torn,
        None => Frame::Corrupt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(values: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| write(value, &mut bytes).expect("a frame"));
        bytes
    }

    fn read_all(bytes: &[u8]) -> (Vec<String>, Frame<String>) {
        let (mut values, mut rest) = (Vec::new(), bytes);
        loop {
            let left = rest.len() as u64;
            match read(&mut rest, left).expect("no error of a slice") {
                Frame::Value(value, len) => {
                    values.push(value);
                    assert_eq!(rest.len() as u64, left - len);
                }
                end => return (values, end),
            }
        }
    }

    #[test]
    fn values_come_back() {
        let (values, end) = read_all(&frames(&["a", "", "bcd"]));
        assert_eq!((values, end), (["a", "", "bcd"].map(str::to_owned).to_vec(), Frame::End));
    }

    #[test]
    fn a_file_that_ends_anywhere_in_the_last_frame_is_torn() {
        let (first, both) = (frames(&["first"]), frames(&["first", "second"]));
        for end in first.len() + 1..both.len() {
            let mut cut = both[..end].to_vec();
            assert_eq!(read_all(&cut), (vec!["first".to_owned()], Frame::Torn), "cut at {end}");
            cut.resize(both.len() + 10, 0);
            assert!(matches!(read_all(&cut).1, Frame::Torn | Frame::Corrupt), "zeros from {end}");
        }
        let mut zeros = first;
        zeros.resize(100, 0);
        assert_eq!(read_all(&zeros), (vec!["first".to_owned()], Frame::Torn));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let (first, bytes) = (frames(&["first"]).len(), frames(&["first", "second"]));
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (values, end) = read_all(&flipped);
            if bit / 8 < first {
                assert_eq!((values.len(), end), (0, Frame::Corrupt), "bit {bit}");
            } else {
                assert_eq!(values, ["first"], "bit {bit}");
                assert!(matches!(end, Frame::Torn | Frame::Corrupt), "bit {bit}");
            }
        }
    }
}
