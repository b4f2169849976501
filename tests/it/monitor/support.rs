//! A client of the monitor that reads and writes plain TCP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use pathway::Running;
use serde_json::Value;

use crate::support::DEADLINE;

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn address(running: &Running) -> SocketAddr {
    running.monitor_address().expect("it is monitored")
}

/// What the monitor of a running pipeline answers.
pub(crate) fn get(running: &Running, path: &str) -> Answer {
    get_at(address(running), path)
}

pub(crate) fn get_at(address: SocketAddr, path: &str) -> Answer {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")).expect("an answer")
}

/// Sends a request as it is. `None`: the server does not answer.
pub(crate) fn ask(address: SocketAddr, request: &str) -> Option<Answer> {
    let mut socket = TcpStream::connect(address).ok()?;
    socket.set_read_timeout(Some(DEADLINE)).expect("a socket");
    socket.write_all(request.as_bytes()).ok()?;
    let mut text = Vec::new();
    socket.read_to_end(&mut text).ok()?;
    parse(&String::from_utf8(text).expect("text"))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
