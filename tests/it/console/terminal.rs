//! Pipelines in a process of their own, on a terminal that Python's `pty` makes.
//!
//! The process is this test binary, started with the name of the test `entry_point_of_a_program_on_a_terminal`.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::programs;
use super::screen::{Drawn, Screen};
use crate::support::wait_for;

const PROGRAM: &str = "PATHWAY_TEST_PROGRAM";
const URI: &str = "PATHWAY_TEST_URI";
const SCRIPT: &str = include_str!("pty.py");

/// Runs the program that the environment names. Without one, this is not a child process, and the test does nothing.
#[test]
fn entry_point_of_a_program_on_a_terminal() {
    let Ok(program) = std::env::var(PROGRAM) else { return };
    // Like a `main` that returns the error.
    if let Err(error) = programs::run(&program, &std::env::var(URI).unwrap_or_default()) {
        eprintln!("Error: {error:#}");
        std::process::exit(1);
    }
    // Without the lines of the test runner.
    std::process::exit(0);
}

fn environment(command: &mut Command, program: &str, uri: &str, environment: &[(&str, &str)]) {
    command.env_remove("NO_COLOR").env_remove("PATHWAY_CONSOLE").env("TERM", "xterm-256color");
    command.env(PROGRAM, program).env(URI, uri).envs(environment.iter().copied());
}

const ARGUMENTS: [&str; 3] = ["console::terminal::entry_point_of_a_program_on_a_terminal", "--exact", "--nocapture"];

/// A program whose output is no terminal: returns its exit code, and what it has written.
pub(super) fn without_a_terminal(program: &str, uri: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    environment(&mut command, program, uri, variables);
    let output = command.args(ARGUMENTS).stdin(Stdio::null()).output().expect("a process");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

/// A terminal with a program, which is killed on drop.
pub(super) struct Terminal {
    driver: Child,
    commands: Option<ChildStdin>,
    screen: Arc<Mutex<Screen>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    pub(super) fn start(program: &str, uri: &str, variables: &[(&str, &str)]) -> Self {
        Terminal::with_size((100, 24), program, uri, variables)
    }

    pub(super) fn with_size(
        (columns, rows): (usize, usize),
        program: &str,
        uri: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).args([columns, rows].map(|number| number.to_string()));
        command.arg(std::env::current_exe().expect("this binary")).args(ARGUMENTS);
        environment(&mut command, program, uri, variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut driver = command.spawn().expect("Python 3");
        let mut output = driver.stdout.take().expect("its stdout");
        let screen = Arc::new(Mutex::new(Screen::new(columns, rows)));
        let shown = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                lock(&shown).write(&bytes[..read]);
            }
        });
        Terminal { commands: driver.stdin.take(), driver, screen, reader: Some(reader) }
    }

    /// What it shows at the moment, with what has scrolled off it.
    pub(super) fn text(&self) -> String {
        lock(&self.screen).text()
    }

    /// Waits until it shows a line that has all of these words.
    pub(super) fn wait_for_line(&self, words: &[&str]) {
        wait_for(&format!("a line with {words:?}"), || {
            self.text().lines().any(|line| words.iter().all(|word| line.contains(word)))
        });
    }

    /// Types Ctrl-C.
    pub(super) fn interrupt(&mut self) {
        self.command("keys 03");
    }

    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        lock(&self.screen).resize(columns);
        self.command(&format!("size {columns} {rows}"));
    }

    fn command(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("it is open");
        writeln!(commands, "{command}").expect("it runs");
    }

    /// Waits for the end of the program, and returns its exit code, what the terminal shows, and what was drawn on it.
    pub(super) fn end(mut self) -> (Option<i32>, String, Drawn) {
        let mut status = None;
        wait_for("the program ends", || {
            status = self.driver.try_wait().expect("a status");
            status.is_some()
        });
        self.reader.take().into_iter().for_each(|reader| reader.join().expect("a screen"));
        (status.and_then(|status| status.code()), self.text(), lock(&self.screen).drawn())
    }
}

fn lock(screen: &Mutex<Screen>) -> std::sync::MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the terminal shows:\n{}", self.text());
        }
        // The terminal is gone, which ends the program.
        self.commands.take();
        let _ = self.driver.wait();
    }
}
