//! The supervisor on real sockets: reconnecting, back-off and the deadline of the start.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use futures_util::future;

use super::*;
use crate::telemetry::Level;

/// A server that accepts every connection, answers the first PING, and then closes the connection.
struct ClosingServer {
    url: String,
    accepted: Arc<AtomicUsize>,
}

impl ClosingServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("nats://{}", listener.local_addr().expect("an address"));
        let accepted = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&accepted);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let _ = greet_and_close(stream);
            }
        });
        ClosingServer { url, accepted }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

fn greet_and_close(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"INFO {\"server_id\":\"x\",\"version\":\"2.10.0\",\"max_payload\":1048576}\r\n")?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while !lines.next().transpose()?.is_some_and(|line| line.starts_with("PING")) {}
    stream.write_all(b"PONG\r\n")
}

/// Counts its sessions. Each lasts until the connection breaks.
struct Work {
    /// Whether a session counts as established.
    is_useful: bool,
    sessions: Arc<AtomicUsize>,
    outages: Arc<Mutex<Vec<String>>>,
    stop: tokio::sync::watch::Receiver<bool>,
}

impl Supervised for Work {
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> std::result::Result<(), SessionEnd> {
        self.sessions.fetch_add(1, Ordering::Relaxed);
        if self.is_useful {
            let outage = supervisor.established(connection);
            self.outages.lock().expect("no panic").extend(outage.map(|outage| outage.to_string()));
        }
        let mut stop = self.stop.clone();
        let stopped = std::pin::pin!(stop.wait_for(|stop| *stop));
        match future::select(stopped, std::pin::pin!(connection.lost())).await {
            future::Either::Left(_) => Ok(()),
            future::Either::Right(_) => Err(SessionEnd::ConnectionLost),
        }
    }

    async fn while_disconnected(&mut self, _: bool) -> Result<()> {
        let _ = self.stop.wait_for(|stop| *stop).await;
        Ok(())
    }

    fn connection_lost(&mut self, server: &Server) -> Loss {
        Loss { level: Level::Warn, what: format!("the connection to {server} broke"), next: "reconnecting" }
    }
}

/// A supervisor that runs on a thread of its own.
struct Running {
    sessions: Arc<AtomicUsize>,
    outages: Arc<Mutex<Vec<String>>>,
    stop: tokio::sync::watch::Sender<bool>,
    is_ready: mpsc::Receiver<()>,
    thread: thread::JoinHandle<Result<()>>,
}

impl Running {
    fn start(url: &str, is_useful: bool, deadline: Duration) -> Self {
        let uri = NatsUri::parse(url).expect("a URI");
        let options = Options::new().connect_deadline(deadline);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let (ready, is_ready) = mpsc::channel();
        let (sessions, outages) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let mut work =
            Work { is_useful, sessions: Arc::clone(&sessions), outages: Arc::clone(&outages), stop: stopped };
        let thread = thread::spawn(move || {
            let dialer = Dialer::new(uri, options, "test".into(), 64);
            Supervisor::new(dialer, Box::new(move || ready.send(()).expect("the test")), &Arc::default()).run(&mut work)
        });
        Running { sessions, outages, stop, is_ready, thread }
    }

    fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        self.thread.join().expect("no panic")
    }
}

/// Pauses start at 20 ms and double up to 1 s.
#[test]
fn connections_that_break_immediately_are_opened_less_and_less_often() {
    let server = ClosingServer::start();
    let running = Running::start(&server.url, true, LONG_DEADLINE);
    running.is_ready.recv().expect("a session");
    let start = Instant::now();
    wait_for("eight sessions", || running.sessions() >= 8);
    let waited = start.elapsed();
    // 20 + 40 + 80 + 160 + 320 + 640 + 1000 ms, less the time until `ready` was received.
    assert!(waited > Duration::from_millis(2_000), "8 sessions in {waited:?}");
    assert!(running.outages.lock().expect("no panic")[0].contains("is back after"));
    assert_eq!(server.accepted(), running.sessions());
    running.stop().expect("a stop");
}

/// A connection that breaks before its session is established counts as a failed attempt to connect.
#[test]
fn a_start_that_never_gets_a_working_session_fails_at_the_deadline() {
    let server = ClosingServer::start();
    let running = Running::start(&server.url, false, Duration::from_millis(500));
    let error = running.thread.join().expect("no panic").expect_err("no session");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("closed the connection soon after it was opened"), "{error}");
    assert!(running.is_ready.recv().is_err() && server.accepted() < 10, "{}", server.accepted());
}

#[test]
fn a_restarted_server_is_reconnected_to() {
    let mut server = server();
    let running = Running::start(&server.url(), true, LONG_DEADLINE);
    running.is_ready.recv().expect("a session");
    for again in 1..=3 {
        server.restart().expect("a server");
        wait_for("another session", || running.outages.lock().expect("no panic").len() == again);
    }
    let outages = running.outages.lock().expect("no panic").clone();
    assert!(outages.iter().all(|outage| outage.contains(&server.url())), "{outages:?}");
    running.stop().expect("a stop");
}

#[test]
fn a_stop_ends_the_wait_for_a_server() {
    let running = Running::start(&format!("nats://127.0.0.1:{}", free_port()), true, LONG_DEADLINE);
    running.stop().expect("a stop");
}
