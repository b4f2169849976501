//! How a server shall be: the options, and the command line that they make.

use std::{
    ffi::OsString,
    path::Path,
    process::{Command, Stdio},
};

use crate::{Error, Server, folder::Folder};

/// Options of a [`Server`]; made by [`Server::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    config: String,
    jetstream: bool,
    port: Option<u16>,
    silent: bool,
    args: Vec<OsString>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { config: String::new(), jetstream: true, port: None, silent: false, args: Vec::new() }
    }

    /// Adds lines to the server's configuration file: an `authorization` or a `tls` block, limits, accounts.
    ///
    /// Paths in it should be absolute.
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// Whether the server has JetStream; it does unless told otherwise.
    pub fn jetstream(mut self, on: bool) -> Self {
        self.jetstream = on;
        self
    }

    /// Asks for this port, where by default the server picks a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port).filter(|port| *port != 0);
        self
    }

    /// Says that the server greets nobody before the TLS handshake (`handshake_first: true` in its `tls` block).
    ///
    /// It counts as ready when it takes connections; any other when it sends its INFO line.
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Adds one argument to the server's command line.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Errors
    ///
    /// There is no server program, or it does not become ready: the message says what to do.
    pub fn start(self) -> Result<Server, Error> {
        Server::with(self)
    }

    pub(crate) fn wished_port(&self) -> Option<u16> {
        self.port
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    pub(crate) fn config_text(&self) -> &str {
        &self.config
    }

    /// The command that runs `binary` in `folder`; without a port the server picks one and writes it into the folder.
    pub(crate) fn command(&self, binary: &Path, folder: &Folder, port: Option<u16>) -> Command {
        let mut command = Command::new(binary);
        command.args(["--addr", "127.0.0.1", "--port"]);
        command.arg(port.map_or_else(|| "-1".to_owned(), |port| port.to_string()));
        command.arg("--ports_file_dir").arg(folder.path());
        command.arg("--config").arg(folder.config());
        if self.jetstream {
            command.arg("--jetstream").arg("--store_dir").arg(folder.store());
        }
        command.args(&self.args).stdin(Stdio::null());
        command
    }
}
