//! The server from outside: over a socket, and what remains when it has ended.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pathway_testkit::{Authority, Error, Server, wait_for};

#[test]
fn a_started_server_sends_info() {
    let server = Server::start().unwrap();
    let info = info(&server.host_port()).unwrap();
    assert!(info.contains(r#""jetstream":true"#), "{info}");
    assert_eq!(server.url(), format!("nats://127.0.0.1:{}", server.port()));
    assert!(server.log().contains("Server is ready"), "{}", server.log());
}

#[test]
fn dropping_it_ends_the_server() {
    let server = Server::start().unwrap();
    let address = server.host_port();
    let folder = store(&server);
    assert!(Path::new(&folder).exists(), "{folder}");
    drop(server);
    assert!(info(&address).is_err());
    assert!(!Path::new(&folder).exists(), "{folder} remains");
}

#[test]
fn two_servers_run_at_once() {
    let servers = [Server::start().unwrap(), Server::start().unwrap()];
    assert_ne!(servers[0].port(), servers[1].port());
    assert_ne!(store(&servers[0]), store(&servers[1]));
    for server in &servers {
        info(&server.host_port()).unwrap();
    }
}

#[test]
fn a_new_configuration_is_used_after_a_restart() {
    let mut server = Server::builder().jetstream(false).config("max_payload: 1024").start().unwrap();
    server.set_config("max_payload: 2048").unwrap();
    assert!(info(&server.host_port()).unwrap().contains(r#""max_payload":1024"#));
    server.restart().unwrap();
    assert!(info(&server.host_port()).unwrap().contains(r#""max_payload":2048"#));
}

#[test]
fn a_silent_server_is_ready_without_info() {
    let authority = Authority::new().unwrap();
    let config = authority.server(&["127.0.0.1"]).unwrap().tls_config("handshake_first: true");
    let server = Server::builder().jetstream(false).config(&config).silent().start().unwrap();
    TcpStream::connect(server.host_port()).unwrap();
    assert!(server.log().contains("Server is ready"), "{}", server.log());
    let folder = authority.certificate().parent().unwrap().to_owned();
    drop(authority);
    assert!(!folder.exists(), "{} remains", folder.display());
}

#[test]
fn restart_keeps_port_and_streams() {
    let mut server = Server::start().unwrap();
    let (port, before) = (server.port(), server.pid());
    let create = "$JS.API.STREAM.CREATE.KEPT";
    let created = request(&server, "", create, r#"{"name":"KEPT","subjects":["kept"]}"#);
    assert!(created.contains(r#""name":"KEPT""#), "{created}");

    server.stop();
    assert_eq!(server.pid(), None);
    assert!(info(&server.host_port()).is_err());

    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), before);
    let names = request(&server, "", "$JS.API.STREAM.NAMES", "");
    assert!(names.contains(r#""KEPT""#), "{names}");
}

#[test]
fn restart_waits_for_a_taken_port() {
    let mut server = Server::start().unwrap();
    let log = Path::new(&store(&server)).ancestors().nth(2).unwrap().join("log");
    server.stop();
    let guest = TcpListener::bind(server.host_port()).unwrap();
    let guest = thread::spawn(move || {
        wait_for("the server to find its port taken", || {
            fs::read_to_string(&log).unwrap().contains("address already in use")
        });
        drop(guest);
    });
    server.restart().unwrap();
    guest.join().unwrap();
    info(&server.host_port()).unwrap();
}

#[test]
fn a_paused_server_is_silent_until_resumed() {
    let server = Server::start().unwrap();
    server.pause().unwrap();
    assert!(info(&server.host_port()).is_err());
    server.resume().unwrap();
    info(&server.host_port()).unwrap();
}

#[test]
fn config_lines_are_used() {
    let server = Server::builder().config("authorization { user: ann, password: secret }").start().unwrap();
    let refused = request(&server, "", "anything", "");
    assert!(refused.contains("Authorization Violation"), "{refused}");
    let let_in = request(&server, r#","user":"ann","pass":"secret""#, "$JS.API.INFO", "");
    assert!(let_in.contains(r#""streams":0"#), "{let_in}");
}

#[test]
fn options_are_used() {
    let mut first = Server::start().unwrap();
    first.stop();
    let server = Server::builder().jetstream(false).port(first.port()).arg("-DV").start().unwrap();
    assert_eq!(server.port(), first.port());
    assert!(!info(&server.host_port()).unwrap().contains(r#""jetstream":true"#));
    assert!(server.log().contains("[DBG]"), "{}", server.log());
}

#[test]
fn the_error_of_a_bad_config_has_the_log() {
    let started = Instant::now();
    let error = Server::builder().config("authorization { user: ").start().unwrap_err();
    assert!(matches!(error, Error::NotReady { .. }), "{error:?}");
    assert!(error.to_string().contains("Parse error on line 2"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10), "the end of the server must be noticed before the deadline");
}

/// The test starts its own executable again, with `HOLD` set. That process starts a server, and the test kills it.
#[test]
fn a_server_ends_with_its_killed_process() {
    const HOLD: &str = "PATHWAY_TESTKIT_HOLD";

    if env::var_os(HOLD).is_some() {
        let server = Server::start().unwrap();
        println!("\nholding {} {}", server.host_port(), store(&server));
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }
    let mut holder = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_server_ends_with_its_killed_process", "--nocapture"])
        .env(HOLD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.starts_with("holding ")).unwrap();
    let [_, address, folder] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    info(address).unwrap();

    holder.kill().unwrap();
    holder.wait().unwrap();
    wait_for("the server and its folder to be gone", || info(address).is_err() && !Path::new(folder).exists());
}

/// The INFO line, if it arrives within half a second.
fn info(address: &str) -> std::io::Result<String> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    if line.starts_with("INFO ") { Ok(line) } else { Err(std::io::Error::other(line)) }
}

/// The folder in which the server stores streams, from its log.
fn store(server: &Server) -> String {
    let log = server.log();
    let (_, rest) = log.split_once("Store Directory: \"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Sends one request in the text protocol. Returns the payload of the reply, or the server's error line.
fn request(server: &Server, credentials: &str, subject: &str, payload: &str) -> String {
    let mut stream = TcpStream::connect(server.host_port()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let mut until = |words: [&str; 2]| lines.find(|line| words.iter().any(|word| line.starts_with(word))).unwrap();

    // Nothing may follow before the answer: a server that refuses us with unread input resets the connection and loses the answer.
    let connect = format!("CONNECT {{\"verbose\":false,\"pedantic\":false{credentials}}}\r\nPING\r\n");
    stream.write_all(connect.as_bytes()).unwrap();
    let answer = until(["PONG", "-ERR"]);
    if answer.starts_with("-ERR") {
        return answer;
    }
    let publish = format!("SUB reply 1\r\nPUB {subject} reply {}\r\n{payload}\r\n", payload.len());
    stream.write_all(publish.as_bytes()).unwrap();
    let answer = until(["MSG ", "-ERR"]);
    if answer.starts_with("MSG ") { lines.next().unwrap() } else { answer }
}
