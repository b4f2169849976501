//! Pipelines that run in several processes.

mod children;
mod in_one_process;

use std::net::TcpListener;

/// Addresses of this machine that nobody listens on.
fn free_addresses(count: usize) -> Vec<String> {
    let listeners: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let address = |listener: &TcpListener| listener.local_addr().expect("an address").to_string();
    listeners.iter().map(address).collect()
}
