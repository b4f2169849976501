//! A running nats-server, ended on drop.

use std::{fs, path::PathBuf, thread, time::Instant};

use crate::{
    Builder, Error, binary,
    folder::Folder,
    paused,
    process::Process,
    ready::{self, DEADLINE, POLL},
    watchdog::Watchdog,
};

/// A private nats-server on 127.0.0.1.
///
/// Dropping it kills the server and removes its folder.
#[derive(Debug)]
pub struct Server {
    options: Builder,
    binary: PathBuf,
    port: u16,
    /// `None` while the server is stopped. Ended by `stop` or by `Drop`.
    process: Option<Process>,
    /// Before `folder`: fields are dropped in this order, and the watchdog must not act on a folder that is half removed.
    watchdog: Watchdog,
    folder: Folder,
}

impl Server {
    /// Starts a server with JetStream on a free port and waits until it is ready.
    ///
    /// # Errors
    ///
    /// No server program was found, or it does not become ready. The message says what to do.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// Options for a server.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn with(options: Builder) -> Result<Self, Error> {
        let binary = binary::find()?;
        let folder = Folder::create()?;
        folder.configure(options.config_text())?;
        let watchdog = Watchdog::start(folder.path())?;
        let mut server = Self { options, binary, port: 0, process: None, watchdog, folder };
        server.port = server.launch(server.options.requested_port())?;
        Ok(server)
    }

    /// The URL for clients, without credentials: `nats://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.host_port())
    }

    /// `127.0.0.1:PORT`, for a URL with credentials or another scheme.
    #[must_use]
    pub fn host_port(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port. `stop` and `restart` keep it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id, for reading its memory or CPU time; `None` while the server is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Kills the server (`SIGKILL`) like a crash, if it runs. Its port and JetStream folder are kept for `restart`.
    pub fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.end(&mut self.watchdog);
        }
    }

    /// Stops the server, if it runs, and starts it on the same port with the same JetStream folder.
    ///
    /// # Errors
    ///
    /// The server does not become ready.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop();
        self.launch(Some(self.port)).map(drop)
    }

    /// Replaces the lines that [`Builder::config`] added, for the next `restart` or `reload`: other credentials, another limit.
    ///
    /// # Errors
    ///
    /// The configuration file cannot be written.
    pub fn set_config(&mut self, lines: &str) -> Result<(), Error> {
        self.folder.configure(lines)
    }

    /// Makes the running server read its configuration again (`SIGHUP`), after [`set_config`](Server::set_config), and waits
    /// until it has.
    ///
    /// # Errors
    ///
    /// The signal could not be sent, the server rejects the configuration, or it is stopped.
    pub fn reload(&self) -> Result<(), Error> {
        let logged = self.log().len();
        self.running()?.signal("HUP")?;
        let deadline = Instant::now() + DEADLINE;
        loop {
            let log = self.log();
            let since = log.get(logged..).unwrap_or_default();
            if since.contains("Reloaded server configuration") {
                return Ok(());
            }
            if since.contains("Failed to reload") || Instant::now() >= deadline {
                return Err(self.not_ready("it does not reload its configuration"));
            }
            thread::sleep(POLL);
        }
    }

    /// Pauses the server (`SIGSTOP`) and waits until all of its threads have stopped: connections stay open, and nothing is
    /// answered.
    ///
    /// # Errors
    ///
    /// The signal could not be sent or had no effect, or the server is stopped.
    pub fn pause(&self) -> Result<(), Error> {
        let process = self.running()?;
        process.signal("STOP")?;
        let deadline = Instant::now() + DEADLINE;
        while !paused::is_paused(process.id()) {
            if Instant::now() >= deadline {
                return Err(self.not_ready("it does not pause"));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Resumes a paused server (`SIGCONT`).
    ///
    /// # Errors
    ///
    /// The signal could not be sent, or the server is stopped.
    pub fn resume(&self) -> Result<(), Error> {
        self.running()?.signal("CONT")
    }

    /// The server's log so far, over all restarts: for the message of a failed test.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts the process and returns its port once it is ready.
    fn launch(&mut self, port: Option<u16>) -> Result<u16, Error> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let logged = self.log().len();
            let command = self.options.command(&self.binary, &self.folder, port);
            let mut process = Process::spawn(command, &self.folder, &mut self.watchdog)?;
            let ready = ready::wait(&mut process, &self.folder, self.options.is_silent(), deadline);
            match ready {
                Ok(port) => {
                    self.process = Some(process);
                    return Ok(port);
                }
                Err(why) => {
                    process.end(&mut self.watchdog);
                    let log = self.log();
                    let since = log.get(logged..).unwrap_or_default();
                    // A client that reconnects to a port without a listener can meet itself there (a TCP self-connect)
                    // and so hold the port for a moment.
                    let taken = port.is_some() && since.contains("address already in use");
                    if !taken || Instant::now() >= deadline {
                        return Err(Error::NotReady { why, log });
                    }
                    thread::sleep(POLL);
                }
            }
        }
    }

    fn running(&self) -> Result<&Process, Error> {
        self.process.as_ref().ok_or_else(|| self.not_ready("it is stopped"))
    }

    fn not_ready(&self, why: &str) -> Error {
        Error::NotReady { why: why.to_owned(), log: self.log() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
