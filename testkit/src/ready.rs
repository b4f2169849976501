//! Waits until a server is ready: first for its ports file, then for its INFO line.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::{folder::Folder, process::Process};

/// A start takes about 30 ms; on a loaded machine it may take a hundred times as long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Short compared to a start, long compared to reading a file.
pub(crate) const POLL: Duration = Duration::from_millis(2);

/// The limit of one attempt, so that it does not use up the deadline.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Real INFO lines have about 500 bytes.
const LONGEST_INFO: u64 = 64 * 1024;

/// Waits for the server and returns its port, or what happened instead. A silent server sends no INFO line.
pub(crate) fn wait(process: &mut Process, folder: &Folder, silent: bool, deadline: Instant) -> Result<u16, String> {
    // By process id: a server whose port is taken ends without writing the file, so this is never another server's port.
    let file = folder.ports_file(process.id());
    let mut seen = "it did not say which port it picked".to_owned();
    loop {
        if let Some(port) = fs::read_to_string(&file).ok().as_deref().and_then(client_port) {
            match connect(port).and_then(|stream| if silent { Ok(()) } else { info_line(stream) }) {
                Ok(()) => return Ok(port),
                Err(error) => seen = format!("port {port} gave no INFO line: {error}"),
            }
        }
        if let Some(status) = process.exited() {
            return Err(format!("it ended with {status}"));
        }
        if Instant::now() >= deadline {
            return Err(format!("{seen} within the deadline"));
        }
        thread::sleep(POLL);
    }
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), ATTEMPT)
}

/// Reads the first line that a NATS server sends.
fn info_line(stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(ATTEMPT))?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_INFO)).read_line(&mut line)?;
    if line.starts_with("INFO ") { Ok(()) } else { Err(std::io::Error::other(format!("got {line:?}"))) }
}

/// The port in `{"nats":["nats://127.0.0.1:41603"],…}`; `None` while the file is incomplete.
fn client_port(ports: &str) -> Option<u16> {
    let (_, list) = ports.split_once("\"nats\"")?;
    let (_, address) = list.split_once('"')?;
    let (address, _) = address.split_once('"')?;
    let (_, port) = address.rsplit_once(':')?;
    port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::client_port;

    #[test]
    fn reads_the_client_port() {
        let ports = r#"{"nats":["nats://127.0.0.1:41603"],"monitoring":["http://127.0.0.1:32863"]}"#;
        assert_eq!(client_port(ports), Some(41603));
        assert_eq!(client_port(r#"{"nats":["tls://127.0.0.1:4222"]}"#), Some(4222));
    }

    #[test]
    fn waits_for_the_whole_file() {
        let ports = r#"{"nats":["nats://127.0.0.1:41603"]}"#;
        let address_ends = ports.len() - "]}".len();
        for end in 0..address_ends {
            assert_eq!(client_port(&ports[..end]), None, "{}", &ports[..end]);
        }
    }
}
