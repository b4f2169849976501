//! The running server process: spawned, signalled, killed and reaped.

use std::{
    fs::File,
    process::{Child, Command, ExitStatus, Stdio},
};

use crate::{Error, folder::Folder, watchdog::Watchdog};

/// A server process. Its owner must call `end`.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn spawn(mut command: Command, folder: &Folder, watchdog: &mut Watchdog) -> Result<Self, Error> {
        let path = folder.log();
        // Appended to, so that a restarted server does not erase the log of the one before.
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(Error::io(format!("opening {}", path.display())))?;
        let twin = log.try_clone().map_err(Error::io("sharing the log file"))?;
        command.stdout(Stdio::from(twin)).stderr(Stdio::from(log));
        // Ctrl-C is for the program under test, which finishes its work first and needs the server for that.
        own_group(&mut command);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(Error::io(format!("starting {program}")))?;
        watchdog.watch(child.id());
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the process has ended by itself.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends a signal by the name that `kill` uses.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Error> {
        let doing = format!("sending SIG{name} to nats-server");
        let output = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).output();
        let output = output.map_err(Error::io(doing.clone()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::io(doing)(std::io::Error::other(said)))
    }

    /// Kills the process and reaps it, so that its port and files are free on return.
    pub(crate) fn end(mut self, watchdog: &mut Watchdog) {
        // Both fail only if the process has ended already.
        let _ = self.child.kill();
        watchdog.unwatch();
        let _ = self.child.wait();
    }
}

/// Puts the child into a process group of its own, so that a terminal's signals do not reach it.
pub(crate) fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}
