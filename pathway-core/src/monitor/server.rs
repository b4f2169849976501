//! The server: a thread with a listener, which ends with the pipeline.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot};

use super::io::Socket;
use super::respond::respond;
use crate::data::{Error, ErrorKind, Result};
use crate::observation::Observed;
use crate::telemetry::{Level, report, spawn};

/// How many clients are answered at a time; others wait. A page and a few scrapers need a handful.
const CLIENTS: usize = 32;
/// How long a connection may last. Each has one request, whose answer takes milliseconds.
const LONGEST_CONNECTION: Duration = Duration::from_secs(5);
/// The most bytes of a request's head. hyper needs at least 8 KiB.
const LONGEST_HEAD: usize = 16 << 10;
/// How often the server looks whether the pipeline is stuck.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the server waits after it could not accept a client, because the process has too many open files, for example.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    /// Dropped to end the thread.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on an address. `setting` is where the address comes from, for errors.
    ///
    /// # Errors
    /// It is no address, or the server cannot listen there.
    pub(crate) fn start(address: &str, setting: &str, observed: Arc<dyn Observed>) -> Result<Server> {
        let listener = listen(address, setting)?;
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Config, format!("cannot start the HTTP server of {setting}")).with_source(error)
        };
        listener.set_nonblocking(true).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            let serving = pin!(serve(listener, bound.ip().is_loopback(), observed));
            runtime.block_on(future::select(serving, stopped));
            // Without waiting for clients.
            runtime.shutdown_background();
        };
        let thread = spawn("pathway-monitor", serve).map_err(failed)?;
        report(Level::Info, "pipeline", format_args!("its page and metrics are at http://{bound}"));
        Ok(Server { address: bound, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

fn listen(address: &str, setting: &str) -> Result<TcpListener> {
    let refuse =
        |what: String, cure: &str| Error::new(ErrorKind::Config, format!("{setting} is `{address}`: {what}; {cure}"));
    let addresses = address
        .to_socket_addrs()
        .map_err(|error| refuse(error.to_string(), "give a host and a port, such as `127.0.0.1:20000`"))?;
    let addresses: Vec<_> = addresses.collect();
    TcpListener::bind(&*addresses).map_err(|error| {
        let cure = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program or pipeline has it: choose another port, or `127.0.0.1:0` for one that is free"
            }
            std::io::ErrorKind::PermissionDenied => {
                "choose a port above 1023, or give the program the right to this one"
            }
            _ => "choose an address of this machine, such as `127.0.0.1:20000`",
        };
        refuse(format!("cannot listen there: {error}"), cure)
    })
}

async fn serve(listener: TcpListener, is_loopback: bool, observed: Arc<dyn Observed>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let watched = Arc::clone(&observed);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            // So that it knows since when.
            watched.stuck();
        }
    });
    let clients = Arc::new(Semaphore::new(CLIENTS));
    loop {
        // It is never closed.
        let Ok(client) = Arc::clone(&clients).acquire_owned().await else { return };
        let Ok((socket, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let observed = Arc::clone(&observed);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = respond(&request, &*observed, is_loopback);
                async { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .keep_alive(false)
                .header_read_timeout(None)
                .max_buf_size(LONGEST_HEAD)
                .serve_connection(Socket(socket), service);
            // A client that breaks off, or that is too slow, is no event.
            let _ = tokio::time::timeout(LONGEST_CONNECTION, connection).await;
            drop(client);
        });
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
