//! Pipelines in a process of their own, for tests of signals, environment variables and stderr.
//!
//! The process is this test binary, started with the name of the test `entry_point_of_a_child_process`.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::support::{realtime_sum, sum_of, sum_with};
use crate::jetstream::persistence;
use crate::jetstream::persistence::bucket_sinks::service as write_a_bucket;
use crate::logs;
use crate::support::{Input, wait_for};
use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::nats::Options;
use pathway::prelude::*;

const ROLE: &str = "PATHWAY_TEST_ROLE";
const URI: &str = "PATHWAY_TEST_URI";

/// Plays the role that the environment names. Without one, this is not a child process, and the test does nothing.
#[test]
fn entry_point_of_a_child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let uri = std::env::var(URI).unwrap_or_default();
    if let Ok(targets) = std::env::var(logs::LOGS) {
        logs::install_subscriber(&targets);
    }
    let outcome = match role.as_str() {
        "sum" => realtime_sum(&uri).run(),
        "sum from the environment" => Options::from_env().and_then(|options| sum_with(&uri, &options).run()),
        "sum with a small backlog" => sum_of(&uri, |read| read.max_backlog(10)).run(),
        "sum a stream" => logs::sum_a_stream(&uri).run(),
        "run until a signal" => logs::run_until_a_signal(&uri),
        "stop at a bad message" => sum_of(&uri, |read| read.on_decode_error(OnDecodeError::Stop)).run(),
        "sum with a full stderr" => sum_with_a_full_stderr(&uri).run(),
        "sum at the end" => sum_at_the_end(&uri).run(),
        "read some subjects slowly" => read_some_subjects_slowly(&uri).run(),
        "copy into its own subject" => copy_into_its_own_subject(&uri).run(),
        "persist" => persistence::service(&uri).run(),
        "persist without checkpoints" => persist(persistence::service(&uri), Duration::MAX).run(),
        "persist with checkpoints" => persist(persistence::service(&uri), Duration::from_millis(20)).run(),
        "share without checkpoints" => persist(persistence::shared_service(&uri), Duration::MAX).run(),
        "share with checkpoints" => persist(persistence::shared_service(&uri), Duration::from_millis(20)).run(),
        "route without checkpoints" => {
            persist(persistence::shared::subjects::routing_service(&uri), Duration::MAX).run()
        }
        "join a bucket" => persistence::buckets::service(&uri).run(),
        "write a bucket without checkpoints" => write_a_bucket(&uri, Duration::MAX).run(),
        "write a bucket with checkpoints" => write_a_bucket(&uri, Duration::from_millis(20)).run(),
        "write nothing but a bucket" => persistence::bucket_sinks::bucket_service(&uri).run(),
        "fleet" => persist(persistence::fleet::service(&uri), Duration::from_millis(20)).run(),
        "sum a queue" => persistence::work_queues::service(&uri).run(),
        "count workers" => count_workers(),
        "say how it is monitored" => say_how_it_is_monitored(),
        "ignore a stop" => ignore_a_stop(),
        "forget to run" => {
            drop(realtime_sum(&uri));
            Ok(())
        }
        _ => unreachable!("role {role}"),
    };
    // Like a `main` that returns the error.
    if let Err(error) = outcome {
        eprintln!("{:?}: {error:#}", error.kind());
        std::process::exit(1);
    }
}

fn persist(service: Pipeline, checkpoint_every: Duration) -> Pipeline {
    let path = std::env::var("PATHWAY_PERSISTENT_STORAGE").expect("a directory");
    let sync = std::env::var_os("PATHWAY_TEST_SYNC").is_some();
    let state = pathway::persistence::directory(path).checkpoint_every(checkpoint_every).sync(sync);
    service.persist(state)
}

/// From its first row on, it writes to stderr until that takes nothing more.
fn sum_with_a_full_stderr(uri: &str) -> Pipeline {
    static FILLS: std::sync::Once = std::sync::Once::new();
    let fill = || {
        loop {
            eprintln!("{}", "-".repeat(1 << 10));
        }
    };
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "connector_example").json::<Input>();
    let input = filter!(_row in input => {
        FILLS.call_once(|| drop(std::thread::spawn(fill)));
        true
    });
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").json();
    pipeline
}

/// Prints what it has read, and commits it only when it is stopped.
fn sum_at_the_end(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "connector_example").commit_every(Duration::from_secs(3600)).json::<Input>();
    let input = filter!(row in input => {
        eprintln!("read {}", row.value);
        true
    });
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").json();
    pipeline
}

/// Reads one subject of the stream `IN`, and takes its time for each message.
fn read_some_subjects_slowly(uri: &str) -> Pipeline {
    let pipeline = Pipeline::named("slow").nats_service(false);
    let input = nats::read(&pipeline, uri, "in.a").max_backlog(10).jetstream("IN").json::<Input>();
    let _seen = filter!(row in input => {
        // Time must pass here: the pipeline is slow.
        std::thread::sleep(Duration::from_millis(20));
        eprintln!("read {}", row.value);
        true
    });
    pipeline
}

/// Reads `copies.>`, which its two outputs match.
fn copy_into_its_own_subject(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "copies.>").dead_letter("copies.bad").json::<Input>();
    nats::write(&input, uri, "copies.all").name("copy").json();
    nats::write(&input, uri, "elsewhere").dead_letter("copies.unsent").json();
    nats::write(&input, uri, "").name("own").subject(|row| format!("copies.{}", row.value)).json();
    pipeline
}

/// Runs a source that does not return.
fn ignore_a_stop() -> pathway::Result<()> {
    struct Stuck;

    impl Source for Stuck {
        type Item = Input;

        fn settings(&self) -> SourceSettings {
            SourceSettings::new().name("stuck")
        }

        fn run(self, _: &RowSender<Input>) -> std::result::Result<(), Failure> {
            eprintln!("it runs");
            loop {
                std::thread::park();
            }
        }
    }

    let pipeline = Pipeline::new();
    let _seen = pipeline.source(Stuck).collect();
    pipeline.run()
}

/// Prints how many workers a running pipeline has.
fn count_workers() -> pathway::Result<()> {
    let pipeline = Pipeline::new();
    let (_feed, input) = pipeline.input::<Input>();
    let _seen = input.collect();
    let running = pipeline.start()?;
    let threads = std::fs::read_dir("/proc/self/task").expect("threads").flatten();
    let names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
    let workers = names.filter(|name| name.starts_with("timely:work-")).count();
    eprintln!("{workers} workers");
    running.stop();
    running.join().map(drop)
}

fn say_how_it_is_monitored() -> pathway::Result<()> {
    let pipeline = Pipeline::new();
    let (_feed, input) = pipeline.input::<Input>();
    let _seen = input.collect();
    let running = pipeline.start()?;
    match running.monitor_address() {
        Some(address) => eprintln!("monitored at {address}"),
        None => eprintln!("not monitored"),
    }
    running.stop();
    running.join().map(drop)
}

/// A child process, which is killed on drop.
pub(crate) struct Child {
    process: std::process::Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Child {
    pub(crate) fn start(role: &str, uri: &str, environment: &[(&str, &str)]) -> Self {
        Child::run(Command::new(std::env::current_exe().expect("this binary")), role, uri, environment)
    }

    /// A process whose files cannot become larger than as many KiB.
    pub(crate) fn start_with_small_files(role: &str, uri: &str, environment: &[(&str, &str)], kibibytes: u64) -> Self {
        let mut shell = Command::new("sh");
        // In units of 512 bytes. A write behind the limit is an error, and no signal.
        let limit = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kibibytes * 2);
        shell.args(["-c", &limit]).arg(std::env::current_exe().expect("this binary"));
        Child::run(shell, role, uri, environment)
    }

    /// A process whose stderr is a pipe that nobody reads.
    pub(crate) fn start_unread(role: &str, uri: &str) -> Self {
        let process = spawn(Command::new(std::env::current_exe().expect("this binary")), role, uri, &[]);
        Child { process, lines: Arc::default(), reader: None }
    }

    fn run(command: Command, role: &str, uri: &str, environment: &[(&str, &str)]) -> Self {
        let mut process = spawn(command, role, uri, environment);
        let stderr = BufReader::new(process.stderr.take().expect("its stderr"));
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let reader = {
            let lines = Arc::clone(&lines);
            let keep = move |line| lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(keep))
        };
        Child { process, lines, reader: Some(reader) }
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("a status").is_some()
    }

    /// The text that it has printed to stderr so far.
    pub(crate) fn said(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Sends a signal. Behind `STOP`, none of its threads runs any more.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        if name == "STOP" {
            // One thread takes the signal, and stops the others: on a busy machine, these go on for a while.
            wait_for("all threads are stopped", || self.thread_states().iter().all(|state| *state == 'T'));
        }
    }

    /// Whether one of its threads has this name.
    pub(crate) fn has_thread(&self, name: &str) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("a process").flatten();
        let mut names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
        names.any(|other| other.trim_end() == name)
    }

    /// What its threads do, as far as the system says it: `T` is stopped.
    fn thread_states(&self) -> Vec<char> {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", self.id())) else { return Vec::new() };
        let stats = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
        // The state is behind the name of the thread, which is in parentheses.
        stats.filter_map(|stat| stat.rsplit_once(") ")?.1.chars().next()).collect()
    }

    /// Waits for its end, and returns its status and its stderr.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut status = None;
        wait_for("the process ends", || {
            status = self.process.try_wait().expect("a status");
            status.is_some()
        });
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        (status.expect("waited for"), self.said())
    }
}

fn spawn(mut command: Command, role: &str, uri: &str, environment: &[(&str, &str)]) -> std::process::Child {
    command.args(["delivery::child::entry_point_of_a_child_process", "--exact", "--nocapture"]);
    command.env(ROLE, role).env(URI, uri).envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("a process")
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
