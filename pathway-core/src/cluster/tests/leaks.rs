//! Forming again and again leaves nothing behind. Linux shows what a process has.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use pathway_testkit::wait_for;

use super::{Processes, form_all};

/// Set in the process that only this test runs in: others open files and start threads.
const ALONE: &str = "PATHWAY_TEST_FORMS_ALONE";

#[test]
fn forming_100_times_leaves_no_thread_and_no_descriptor() {
    if std::env::var_os(ALONE).is_some() {
        return form_100_times();
    }
    let name = "forming_100_times_leaves_no_thread_and_no_descriptor";
    let (_, module) = module_path!().split_once("::").expect("a module of a crate");
    let path = format!("{module}::{name}");
    let mut alone = Command::new(std::env::current_exe().expect("this program"));
    let output = alone.args(["--exact", &path, "--nocapture"]).env(ALONE, "1").output().expect("a process");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("formed 100 times"), "{text}");
}

fn form_100_times() {
    let processes = Processes::new(3);
    let clusters = processes.start_all();
    // What is opened once stays.
    drop(form_all(&clusters));
    let before = (count("fd"), count("task"));
    for round in 0..100 {
        let links = form_all(&clusters);
        // One process loses another one, and all begin again.
        links[round % 3].iter().next().expect("a link").fail("the test says so");
        drop(links);
    }
    wait_for("nothing is left", || (count("fd"), count("task")) == before);
    drop(clusters);
    wait_for("nothing is left of the clusters", || count("task") == before.1 - 3 && count("fd") < before.0);
    println!("formed 100 times");
}

/// How many entries a directory of this process has.
fn count(directory: &str) -> usize {
    fs::read_dir(format!("/proc/self/{directory}")).expect("a directory").count()
}
