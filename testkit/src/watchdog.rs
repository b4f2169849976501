//! Kills the server and removes its folder when this process has ended without dropping them.
//!
//! Destructors do not run on `SIGKILL`, on `abort` or for a `static`. Linux could end the server with its parent
//! (`PR_SET_PDEATHSIG`), but that is the *thread* that started it, which ends too early in tests; and it is only for Linux.
//! So a shell waits at the other end of a pipe, which closes when this process ends for any reason.

use std::{
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use crate::{Error, process::own_group};

/// Each line is the process id to kill at the end of the input; an empty line is none.
/// The second `rm` is for a file that the dying server wrote during the first one.
const SCRIPT: &str = r#"
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }
"#;

/// The watching shell. `Drop` ends it, before the owner of the folder removes that.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    /// Open as long as this process runs. std opens pipes close-on-exec, so no other child process has it.
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    pub(crate) fn start(folder: &Path) -> Result<Self, Error> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "pathway-testkit-watchdog"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for this process. The shell must survive it to clean up.
        own_group(&mut command);
        let mut shell = command.spawn().map_err(Error::io("starting `sh`"))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// From now on, this process is killed at the end.
    pub(crate) fn watch(&mut self, pid: u32) {
        self.send(&format!("{pid}\n"));
    }

    /// From now on, no process is killed. To be called before the process is reaped and its id may be reused.
    pub(crate) fn unwatch(&mut self) {
        self.send("\n");
    }

    /// If the shell is gone, the server is still ended on drop, so this is not an error.
    fn send(&mut self, line: &str) {
        if let Some(pipe) = &mut self.pipe {
            let _ = pipe.write_all(line.as_bytes());
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed before its input ends, so that it never acts while this process does.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
