//! Publishes as fast as the server takes it, or at a pace: NATS's protocol by hand, which costs next to no CPU.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Publishes `messages` on `in`, the i-th with the payload that `payload` writes. With a `rate`, so many a second.
pub(crate) fn publish(
    server: &pathway_testkit::Server,
    messages: u64,
    rate: Option<u64>,
    mut payload: impl FnMut(u64, &mut String),
) -> Outcome {
    let mut stream = TcpStream::connect(server.host_port())?;
    let mut answers = BufReader::new(stream.try_clone()?);
    stream.write_all(b"CONNECT {\"verbose\":false}\r\n")?;
    let begin = Instant::now();
    let (mut block, mut text, mut sent) = (String::new(), String::new(), 0);
    // A block of a millisecond, or about 64 KiB.
    let per_block = rate.map_or(1_500, |rate| (rate / 1_000).max(1));
    while sent < messages {
        block.clear();
        for i in sent..(sent + per_block).min(messages) {
            text.clear();
            payload(i, &mut text);
            write!(block, "PUB in {}\r\n{text}\r\n", text.len())?;
        }
        sent = (sent + per_block).min(messages);
        stream.write_all(block.as_bytes())?;
        if let Some(rate) = rate {
            let due = begin + Duration::from_secs_f64(sent as f64 / rate as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    // The answer to a ping comes when the server has taken all that was before it.
    stream.write_all(b"PING\r\n")?;
    let mut line = String::new();
    while line != "PONG\r\n" {
        line.clear();
        if answers.read_line(&mut line)? == 0 || line.starts_with("-ERR") {
            return Err(format!("the server ended the flood: {line}").into());
        }
        if line == "PING\r\n" {
            stream.write_all(b"PONG\r\n")?;
        }
    }
    Ok(())
}
