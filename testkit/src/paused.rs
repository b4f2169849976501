//! Whether a process that was sent `SIGSTOP` has stopped.
//!
//! The signal reaches one thread first and the others a moment later, and `kill` does not wait for any of them.

use std::{fs, path::Path, process::Command};

/// Whether all threads are stopped.
pub(crate) fn is_paused(pid: u32) -> bool {
    let tasks = format!("/proc/{pid}/task");
    // Linux lists each thread. Slim images of it have no `ps`.
    match fs::read_dir(tasks) {
        Ok(tasks) => tasks.flatten().all(|task| thread_is_stopped(&task.path())),
        Err(_) => ps_says_stopped(pid),
    }
}

/// In `7 (a name) T 1 …` the state follows the name, which may contain anything.
fn thread_is_stopped(task: &Path) -> bool {
    let stat = fs::read_to_string(task.join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
}

fn ps_says_stopped(pid: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| output.stdout.trim_ascii().starts_with(b"T"))
}
