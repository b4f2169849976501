//! Ends the server, and removes its folder, when this process is gone without having dropped it.
//!
//! A destructor does not run on `SIGKILL`, on `abort` or for a `static`. Linux could tie the server's life to ours
//! (`PR_SET_PDEATHSIG`), but to that of the *thread* that started it, which for a test is too short, and Linux only.
//! So a shell waits at the other end of a pipe, which closes with our last breath whatever the cause.

use std::{
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use crate::{Error, process::own_group};

/// Each line names the process to end at the end of input; an empty line, none.
/// The second `rm` is for a file that the dying server wrote while the first one ran.
const SCRIPT: &str = r#"
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }
"#;

/// The watching shell; ended by `Drop`, before the folder is removed by its owner.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    /// Open as long as this process lives; std opens pipes close-on-exec, so no other child holds it.
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    pub(crate) fn start(folder: &Path) -> Result<Self, Error> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "pathway-testkit-watchdog"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C is meant for us: the shell must outlive it to clean up.
        own_group(&mut command);
        let mut shell = command.spawn().map_err(Error::io("starting `sh`"))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// From now on this process is to be ended.
    pub(crate) fn watch(&mut self, pid: u32) {
        self.tell(&format!("{pid}\n"));
    }

    /// From now on there is nothing to be ended: to be called before the process is reaped and its id free for others.
    pub(crate) fn rest(&mut self) {
        self.tell("\n");
    }

    /// A shell that is gone cannot watch; the server still ends on drop, so this is not an error.
    fn tell(&mut self, line: &str) {
        if let Some(pipe) = &mut self.pipe {
            let _ = pipe.write_all(line.as_bytes());
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed before its input ends, so that it never acts while we are there to do it.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
