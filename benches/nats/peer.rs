//! Pathway itself, where a Python that has it is named: `PATHWAY_PYTHON=venv/bin/python cargo bench --bench nats`.
//!
//! It says nothing of itself, so its process is read from outside, and what it has done is the sum that it publishes.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::flood::publish;
use crate::process::{Figures, Watched};

/// Milliseconds between Pathway's commits. What `groups` costs it was the same with 100.
const AUTOCOMMIT_MS: &str = "10";

/// A running Pathway program; it is killed when this is dropped.
pub(crate) struct Peer {
    child: Child,
    done: Arc<AtomicU64>,
    /// The connection on which its sums arrive.
    sums: TcpStream,
}

/// The Python to run Pathway with, where the caller has one.
pub(crate) fn python() -> Option<std::ffi::OsString> {
    std::env::var_os("PATHWAY_PYTHON")
}

impl Peer {
    /// Starts the program `role`, and waits until it answers a first message.
    pub(crate) fn start(role: &str, server: &pathway_testkit::Server) -> Outcome<Self> {
        let mut command = Peer::command(role.trim_end_matches("-out"))?;
        command.arg(server.url()).arg(AUTOCOMMIT_MS).args(role.ends_with("-out").then_some("all"));
        let peer = Peer::watched(command, server)?;
        let begin = Instant::now();
        while peer.done.load(Ordering::Relaxed) == 0 {
            if begin.elapsed() > Duration::from_secs(60) {
                return Err("Pathway did not answer within a minute".into());
            }
            publish(server, 1, None, |_, text| text.push_str(r#"{"key":"user-000000","value":1}"#))?;
            std::thread::sleep(Duration::from_millis(200));
        }
        // Several may have been published before the first answer came.
        std::thread::sleep(Duration::from_millis(500));
        Ok(peer)
    }

    /// Starts a program that reads a stream, and waits until its first sum is there; returns its figures then. `arguments` follow
    /// the usual ones.
    pub(crate) fn start_on_stream(
        program: &str,
        server: &pathway_testkit::Server,
        stream: &str,
        arguments: &[&OsStr],
    ) -> Outcome<(Self, Figures)> {
        let mut command = Peer::command(program)?;
        command.arg(server.url()).args([stream, "in", "out", AUTOCOMMIT_MS]).args(arguments);
        let mut peer = Peer::watched(command, server)?;
        let begin = Instant::now();
        loop {
            let figures = peer.figures()?;
            if figures.done > 0 {
                return Ok((peer, figures));
            }
            if begin.elapsed() > Duration::from_secs(60) {
                return Err("Pathway did not read within a minute".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn command(program: &str) -> Outcome<Command> {
        let program = format!("{}/benches/nats/peer/{program}.py", env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(python().ok_or("no PATHWAY_PYTHON")?);
        command.arg(program);
        Ok(command)
    }

    /// Starts a program, and watches the sums that it publishes.
    fn watched(mut command: Command, server: &pathway_testkit::Server) -> Outcome<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut answers = TcpStream::connect(server.host_port())?;
        let peer = Peer { child, done: Arc::default(), sums: answers.try_clone()? };
        answers.write_all(b"CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB out 1\r\n")?;
        let done = Arc::clone(&peer.done);
        std::thread::spawn(move || watch(answers, &done));
        Ok(peer)
    }
}

impl Watched for Peer {
    fn figures(&mut self) -> Outcome<Figures> {
        Ok(Figures { done: self.done.load(Ordering::Relaxed), ..Figures::of_process(&self.child.id().to_string())? })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.sums.shutdown(std::net::Shutdown::Both);
        let _ = self.child.wait();
    }
}

/// Keeps the newest sum of those that arrive.
fn watch(stream: TcpStream, done: &AtomicU64) -> Option<()> {
    let mut answers = stream.try_clone().ok()?;
    let mut reader = BufReader::with_capacity(1 << 20, stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "PING\r\n" {
            answers.write_all(b"PONG\r\n").ok()?;
        }
        if !line.starts_with("HMSG") && !line.starts_with("MSG") {
            continue;
        }
        let length: usize = line.split_whitespace().next_back()?.parse().ok()?;
        body.resize(length + 2, 0);
        reader.read_exact(&mut body).ok()?;
        let text = String::from_utf8_lossy(&body);
        let Some((_, sum)) = text.split_once("\"sum\":") else { continue };
        let digits: String = sum.chars().take_while(char::is_ascii_digit).collect();
        // A retraction carries the sum before.
        done.fetch_max(digits.parse().ok()?, Ordering::Relaxed);
    }
}
