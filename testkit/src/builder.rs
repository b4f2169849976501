//! The options of a server and its command line.

use std::{
    ffi::OsString,
    path::Path,
    process::{Command, Stdio},
};

use crate::{Error, Server, folder::Folder};

/// The options of a [`Server`]; created by [`Server::builder`].
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
    /// Paths in them should be absolute.
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// Whether the server has JetStream. Default: yes.
    pub fn jetstream(mut self, on: bool) -> Self {
        self.jetstream = on;
        self
    }

    /// Sets the port. Default: a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port).filter(|port| *port != 0);
        self
    }

    /// For a server that sends no INFO line before the TLS handshake (`handshake_first: true` in its `tls` block).
    ///
    /// It is ready when it accepts connections; any other server when it sends its INFO line.
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
    /// No server program was found, or it does not become ready. The message says what to do.
    pub fn start(self) -> Result<Server, Error> {
        Server::with(self)
    }

    pub(crate) fn requested_port(&self) -> Option<u16> {
        self.port
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    pub(crate) fn config_text(&self) -> &str {
        &self.config
    }

    /// The command that runs `binary` in `folder`. Without a port, the server picks one and writes it into the folder.
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
