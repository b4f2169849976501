//! A way to a server that a test can cut while the server goes on.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Forwards connections to a server.
pub(crate) struct Link {
    port: u16,
    state: Arc<Mutex<State>>,
    /// Whether what the server sends is lost.
    is_lossy: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    is_dropped: bool,
    /// Both ends of each connection.
    sockets: Vec<TcpStream>,
}

impl Link {
    pub(crate) fn new(server_port: u16) -> Self {
        Link::edited(server_port, "", "")
    }

    /// Replaces the first text by the second, which is as long, where the server sends it in one piece.
    pub(crate) fn edited(server_port: u16, text: &'static str, by: &'static str) -> Self {
        assert_eq!(text.len(), by.len());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let link = Link { port, state: Arc::default(), is_lossy: Arc::default() };
        let (state, is_lossy) = (Arc::clone(&link.state), Arc::clone(&link.is_lossy));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut state = state.lock().expect("no panic");
                if state.is_dropped {
                    return;
                }
                if !state.is_cut
                    && let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port))
                {
                    forward(&client, &server, Arc::default(), ("", ""));
                    forward(&server, &client, Arc::clone(&is_lossy), (text, by));
                    state.sockets.extend([client, server]);
                }
            }
        });
        link
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// From now on, nothing arrives that the server sends. The connections stay open until [`cut`](Link::cut).
    pub(crate) fn lose(&self) {
        self.is_lossy.store(true, Ordering::Release);
    }

    /// Breaks all connections, and refuses new ones.
    pub(crate) fn cut(&self) {
        let mut state = self.lock();
        state.is_cut = true;
        for socket in state.sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    pub(crate) fn restore(&self) {
        self.is_lossy.store(false, Ordering::Release);
        self.lock().is_cut = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cut();
        self.lock().is_dropped = true;
        // The thread waits for a connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// Copies what one end sends to the other, until one of them is closed. The first text of `edit` is replaced by the second.
fn forward(from: &TcpStream, to: &TcpStream, is_lossy: Arc<AtomicBool>, (text, by): (&'static str, &'static str)) {
    let (mut from, mut to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
    thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let found = bytes[..length].windows(text.len().max(1)).position(|window| window == text.as_bytes());
            if let Some(at) = found {
                bytes[at..at + by.len()].copy_from_slice(by.as_bytes());
            }
            if !is_lossy.load(Ordering::Acquire) && to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
