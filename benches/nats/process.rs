//! A contestant in a process of its own, and what it says of itself.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

/// What a contestant has done and used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) done: u64,
    pub(crate) dropped: u64,
    pub(crate) commits: u64,
    /// User and system time, in milliseconds.
    pub(crate) cpu_ms: u64,
    /// Resident memory now, and at its peak, in KiB.
    pub(crate) rss_kib: u64,
    pub(crate) peak_kib: u64,
}

impl Figures {
    /// What the process `id` (or `self`) has used.
    pub(crate) fn of_process(id: &str) -> Outcome<Figures> {
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let kib = |name: &str| -> Outcome<u64> {
            let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such line in the status")?;
            Ok(line.split_whitespace().nth(1).ok_or("no value")?.parse()?)
        };
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // Behind the command's name in parentheses, user and system time are the 12th and 13th field, in ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let cpu_ms = (fields[11].parse::<u64>()? + fields[12].parse::<u64>()?) * 10;
        Ok(Figures { cpu_ms, rss_kib: kib("VmRSS:")?, peak_kib: kib("VmHWM:")?, ..Figures::default() })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { done, dropped, commits, cpu_ms, rss_kib, peak_kib } = self;
        write!(f, "{done} {dropped} {commits} {cpu_ms} {rss_kib} {peak_kib}")
    }
}

/// One whose progress can be read.
pub(crate) trait Watched {
    /// What it has done so far.
    fn figures(&mut self) -> Outcome<Figures>;

    /// Waits until it has done `messages`, or does no more for two seconds.
    fn finish(&mut self, messages: u64) -> Outcome<(Figures, Instant)> {
        let mut last = (self.figures()?, Instant::now());
        loop {
            let figures = self.figures()?;
            if figures.done >= messages {
                return Ok((figures, Instant::now()));
            }
            if figures.done > last.0.done {
                last = (figures, Instant::now());
            } else if last.1.elapsed() > Duration::from_secs(2) {
                return Ok(last);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A running contestant; it ends when this is dropped.
pub(crate) struct Contestant {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Contestant {
    /// Starts a contestant and waits until it reads its subject.
    pub(crate) fn start(role: &str, url: &str) -> Outcome<Self> {
        Contestant::start_of(&std::env::current_exe()?, role, url)
    }

    /// The same, of another build of this program.
    pub(crate) fn start_of(program: &Path, role: &str, url: &str) -> Outcome<Self> {
        let mut child = Command::new(program).args([role, url]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut contestant = Contestant { child, questions, answers };
        contestant.line()?;
        Ok(contestant)
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() { Err("the contestant has ended".into()) } else { Ok(line) }
    }
}

impl Watched for Contestant {
    fn figures(&mut self) -> Outcome<Figures> {
        let questions = self.questions.as_mut().ok_or("hung up")?;
        questions.write_all(b"?\n")?;
        let line = self.line()?;
        let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let &[done, dropped, commits, cpu_ms, rss_kib, peak_kib] = &numbers[..] else {
            return Err(format!("not a line of figures: {line}").into());
        };
        Ok(Figures { done, dropped, commits, cpu_ms, rss_kib, peak_kib })
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        self.questions.take();
        let _ = self.child.wait();
    }
}
