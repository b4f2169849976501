//! A way to a process that a test can cut, stall and damage.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Forwards connections.
pub(super) struct Proxy {
    pub(super) address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sockets: Vec<TcpStream>,
    /// Nothing goes through; connections stay open.
    is_stalled: bool,
    is_dropped: bool,
    /// The place of a byte that arrives otherwise, counted from now on in the direction to the process.
    damaged: Option<usize>,
}

impl Proxy {
    pub(super) fn to(process: &TcpListener) -> Proxy {
        let target = process.local_addr().expect("an address");
        let listener = super::listener();
        let proxy = Proxy { address: super::address(&listener), shared: Arc::default() };
        let shared = Arc::clone(&proxy.shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut state = shared.state.lock().expect("no panic");
                if state.is_dropped {
                    return;
                }
                let Ok(server) = TcpStream::connect(target) else { continue };
                forward(&client, &server, &shared, true);
                forward(&server, &client, &shared, false);
                state.sockets.extend([client, server]);
            }
        });
        proxy
    }

    /// Breaks all connections.
    pub(super) fn cut(&self) {
        for socket in self.shared.state.lock().expect("no panic").sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    pub(super) fn stall(&self, is_stalled: bool) {
        self.shared.state.lock().expect("no panic").is_stalled = is_stalled;
        self.shared.changed.notify_all();
    }

    /// Damages a byte that goes to the process.
    pub(super) fn damage(&self, place: usize) {
        self.shared.state.lock().expect("no panic").damaged = Some(place);
    }

    /// Whether the byte to damage has come.
    pub(super) fn has_damaged(&self) -> bool {
        self.shared.state.lock().expect("no panic").damaged.is_none()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state.lock().expect("no panic").is_dropped = true;
        self.stall(false);
        self.cut();
        // The thread sees it at its next connection.
        let _ = TcpStream::connect(&self.address);
    }
}

fn forward(from: &TcpStream, to: &TcpStream, shared: &Arc<Shared>, is_damaged: bool) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count) = from.read(&mut bytes)
            && count > 0
        {
            let state = shared.state.lock().expect("no panic");
            let mut state = shared.changed.wait_while(state, |state| state.is_stalled).expect("no panic");
            if is_damaged && let Some(place) = state.damaged {
                state.damaged = place.checked_sub(count);
                if state.damaged.is_none() {
                    bytes[place] ^= 0x10;
                }
            }
            drop(state);
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
