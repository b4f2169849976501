//! Runs timely's workers over the links of this process.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::zero_copy::stream::Stream;
use timely::communication::allocator::{AllocatorBuilder, ProcessBuilder};
use timely::communication::{Hooks, WorkerGuards};
use timely::worker::Worker;

use super::Process;
use crate::cluster::Pipe;

/// How many empty buffers each queue keeps. One of them can have grown to the largest batch.
const KEPT_BUFFERS: usize = 2;

/// Starts the workers of this process, which run `work`.
///
/// # Errors
/// The system has no threads for them.
pub(in crate::runtime) fn start_workers(
    process: &Process,
    work: impl Fn(&mut Worker) + Send + Sync + 'static,
) -> Result<WorkerGuards<()>, String> {
    let Process { links, on_control, process: number, processes, threads, .. } = process;
    let pipe = |peer: usize| links.link(peer).map(|link| Wire(Pipe::new(Arc::clone(link), Arc::clone(on_control))));
    let mut hooks = Hooks::default();
    hooks.refill.limit = Some(KEPT_BUFFERS);
    let own = ProcessBuilder::new_typed_vector(*threads, hooks.refill.clone(), None);
    let pipes = (0..*processes).map(pipe).collect();
    let (builders, guard) = initialize_networking_from_sockets(own, pipes, *number, *threads, hooks)
        .map_err(|error| format!("no threads for the connections: {error}"))?;
    let builders = builders.into_iter().map(AllocatorBuilder::Tcp).collect();
    timely::execute::execute_from(builders, Box::new(guard), timely::WorkerConfig::default(), work)
}

/// A pipe as timely wants it.
struct Wire(Pipe);

impl Stream for Wire {
    fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Wire)
    }

    fn set_nonblocking(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.0.shutdown_write();
        }
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
